import { useState, type KeyboardEvent } from 'react';

interface ComposerProps {
  isAnswering: boolean;
  onSend: (text: string) => void;
  onStop: () => void;
}

/** Where the user writes. While the model answers, the button stops it. */
export function Composer({ isAnswering, onSend, onStop }: ComposerProps) {
  const [text, setText] = useState('');

  const send = () => {
    if (isAnswering || !text.trim()) return;
    onSend(text.trim());
    setText('');
  };
  const sendOnEnter = (event: KeyboardEvent) => {
    if (event.key !== 'Enter' || event.shiftKey || event.nativeEvent.isComposing) return;
    event.preventDefault();
    send();
  };

  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        send();
      }}
    >
      <label className="hidden" htmlFor="message">
        Message
      </label>
      <textarea
        id="message"
        rows={1}
        placeholder="Say something, or “Refund order 1042”"
        autoFocus
        value={text}
        onChange={(event) => setText(event.target.value)}
        onKeyDown={sendOnEnter}
      />
      {isAnswering ? (
        <button type="button" onClick={onStop}>
          Stop
        </button>
      ) : (
        <button className="primary">Send</button>
      )}
    </form>
  );
}
