import { getToolName, isToolUIPart, type ToolUIPart, type DynamicToolUIPart, type UIMessage } from 'ai';

/** Receives the user's decision on a tool call. */
type OnDecision = (decision: { id: string; approved: boolean }) => void;

interface MessageProps {
  message: UIMessage;
  isStreaming: boolean;
  /** Undefined if the conversation has moved on: the user can no longer decide. */
  onDecision: OnDecision | undefined;
}

export function Message({ message: { role, parts }, isStreaming, onDecision }: MessageProps) {
  return (
    <div className={`message ${role}${isStreaming ? ' streaming' : ''}`}>
      {parts.map((part, index) => {
        if (part.type === 'text') return <p key={index}>{part.text}</p>;
        if (isToolUIPart(part)) return <ToolCall key={index} part={part} onDecision={onDecision} />;
        return null;
      })}
    </div>
  );
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
