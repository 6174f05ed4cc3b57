import { useState } from 'react';

interface EditFormProps {
  text: string;
  onSave: (text: string) => void;
  onCancel: () => void;
}

/** A message of the user while it is edited. */
export function EditForm({ text: saved, onSave, onCancel }: EditFormProps) {
  const [text, setText] = useState(saved);
  return (
    <form
      className="edit"
      onSubmit={(event) => {
        event.preventDefault();
        if (text.trim()) onSave(text.trim());
      }}
    >
      <textarea
        aria-label="Edited message"
        rows={1}
        autoFocus
        value={text}
        onChange={(event) => setText(event.target.value)}
      />
      <button className="primary">Save</button>
      <button type="button" onClick={onCancel}>
        Cancel
      </button>
    </form>
  );
}
