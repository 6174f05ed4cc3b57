import { useChat } from '@ai-sdk/react';
import { lastAssistantMessageIsCompleteWithApprovalResponses, type UIMessage } from 'ai';
import { useEffect, useRef, useState } from 'react';
import { stopAnswer } from './api.ts';
import { Composer } from './composer.tsx';
import { TokenGauge } from './gauge.tsx';
import { Message } from './message.tsx';

/** The page. `useChat` posts `{ id, messages, trigger, messageId }` to /api/chat, which is its default. */
export function Chat({ id, history }: { id: string; history: UIMessage[] }) {
  const { messages, sendMessage, regenerate, addToolApprovalResponse, status, error } = useChat({
    id,
    messages: history,
    // Posts the user's decisions as soon as every tool call that waits for one has it.
    sendAutomaticallyWhen: lastAssistantMessageIsCompleteWithApprovalResponses,
  });
  const [stopError, setStopError] = useState<Error>();
  const newest = messages.at(-1);
  const isAnswering = status === 'submitted' || status === 'streaming';
  const problem = error ?? stopError;

  const log = useRef<HTMLDivElement>(null);
  useEffect(() => {
    if (log.current) log.current.scrollTop = log.current.scrollHeight;
  }, [messages]);

  return (
    <>
      <header>
        <h1>Fastpaca chat</h1>
        <TokenGauge id={id} isAnswering={isAnswering} />
        <button type="button" onClick={startConversation}>
          New conversation
        </button>
      </header>
      {/* Busy while an answer is streamed: it is read out when it is complete, not word by word. */}
      <main>
        <div
          ref={log}
          id="messages"
          role="log"
          aria-label="Conversation"
          aria-busy={isAnswering}
          tabIndex={0}
        >
          {messages.map((message) => (
            <Message
              key={message.id}
              message={message}
              isStreaming={status === 'streaming' && message === newest}
              onDecision={
                message === newest ? (decision) => void addToolApprovalResponse(decision) : undefined
              }
              onEdit={isAnswering ? undefined : (text) => void sendMessage({ text, messageId: message.id })}
              onRegenerate={isAnswering ? undefined : () => void regenerate({ messageId: message.id })}
            />
          ))}
        </div>
      </main>
      {problem && <p role="alert">That did not work: {problem.message}</p>}
      <Composer
        isAnswering={isAnswering}
        onSend={(text) => void sendMessage({ text })}
        onStop={() => void stopAnswer(id).then(() => setStopError(undefined), setStopError)}
      />
    </>
  );
}

function startConversation(): void {
  location.hash = '';
  location.reload();
}
