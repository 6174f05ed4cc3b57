import { getToolName, isToolUIPart, type ToolUIPart, type DynamicToolUIPart, type UIMessage } from 'ai';
import { useState } from 'react';
import { EditForm } from './edit-form.tsx';

/** Receives the user's decision on a tool call. */
type OnDecision = (decision: { id: string; approved: boolean }) => void;

interface MessageProps {
  message: UIMessage;
  isStreaming: boolean;
  /** Undefined if the conversation has moved on: the user can no longer decide. */
  onDecision: OnDecision | undefined;
  /** Replaces a message of the user and what follows it. Undefined while the model answers. */
  onEdit: ((text: string) => void) | undefined;
  /** Asks for another answer in the place of this one. Undefined while the model answers. */
  onRegenerate: (() => void) | undefined;
}

export function Message({ message, isStreaming, onDecision, onEdit, onRegenerate }: MessageProps) {
  const { role, parts } = message;
  const [isEdited, setIsEdited] = useState(false);
  if (isEdited && onEdit) {
    const save = (text: string) => {
      setIsEdited(false);
      onEdit(text);
    };
    return <EditForm text={textOf(message)} onSave={save} onCancel={() => setIsEdited(false)} />;
  }
  return (
    <div className={`message ${role}${isStreaming ? ' streaming' : ''}`}>
      {parts.map((part, index) => {
        if (part.type === 'text') return <p key={index}>{part.text}</p>;
        if (isToolUIPart(part)) return <ToolCall key={index} part={part} onDecision={onDecision} />;
        return null;
      })}
      {role === 'user' && onEdit && <IconButton label="Edit" icon="✎" onClick={() => setIsEdited(true)} />}
      {role === 'assistant' && onRegenerate && (
        <IconButton label="Regenerate" icon="↻" onClick={onRegenerate} />
      )}
    </div>
  );
}

/** Has no text of its own: what is read of a message is what was said. */
function IconButton({ label, icon, onClick }: { label: string; icon: string; onClick: () => void }) {
  return (
    <button
      type="button"
      className="icon"
      aria-label={label}
      title={label}
      data-icon={icon}
      onClick={onClick}
    />
  );
}

function textOf({ parts }: UIMessage): string {
  return parts.map((part) => (part.type === 'text' ? part.text : '')).join('');
}

const STATES: Record<ToolUIPart['state'], string> = {
  'input-streaming': 'is being called',
  'input-available': 'runs',
  'approval-requested': 'waits for your decision',
  'approval-responded': 'runs',
  'output-available': 'has run',
  'output-error': 'has failed',
  'output-denied': 'was denied',
};

function ToolCall({
  part,
  onDecision,
}: {
  part: ToolUIPart | DynamicToolUIPart;
  onDecision: OnDecision | undefined;
}) {
  const isUndecided = part.state === 'approval-requested' && !onDecision;
  return (
    <div className="tool">
      <p>
        <code>{getToolName(part)}</code> {isUndecided ? 'was not decided on' : STATES[part.state]}
      </p>
      <code>{JSON.stringify(part.input)}</code>
      {part.state === 'output-available' && <code>{JSON.stringify(part.output)}</code>}
      {part.state === 'output-error' && <p>{part.errorText}</p>}
      {part.state === 'approval-requested' && onDecision && (
        <p>
          <button type="button" onClick={() => onDecision({ id: part.approval.id, approved: true })}>
            Approve
          </button>
          <button type="button" onClick={() => onDecision({ id: part.approval.id, approved: false })}>
            Deny
          </button>
        </p>
      )}
    </div>
  );
}
