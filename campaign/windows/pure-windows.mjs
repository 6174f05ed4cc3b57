// Windows of a conversation without a service: its events, cut and reduced in ways that no policy would. A provider has to
// accept what is rendered from any of them, so a refusal is a fault of packages/messages.
import { renderAiSdk, renderPrompt } from '@fastpaca/messages';
import { changedMessages, lostTexts } from './fidelity.mjs';

export class PureWindows {
  /**
   * @param conversation see `conversation.mjs`
   * @param random decides where the windows are cut
   * @returns readings `{ name, policy, items, render, check }`: `render(format, items)` gives prompt and repairs of these or fewer
   *   items, `check(format, items, rendered)` gives what it must not have changed
   */
  readings(conversation, random) {
    const { events, settings } = conversation;
    const log = events.map(windowEvent);
    const compacted = withSummaries(log, settings.compactions);
    const newest = compacted.slice(random.integer(0, Math.max(0, compacted.length - 1)));
    const some = compacted.filter(() => random.chance(0.7)).map((message) => reduced(message, random));
    const windows = { 'whole log': log, compacted, 'newest events': newest, 'some events': some };
    return Object.entries(windows).map(([name, items]) => ({
      ...{ name, policy: name, items, render },
      check: (format, messages, rendered) => [
        ...lostTexts(format, messages, rendered.prompt),
        ...(messages === log ? changedMessages(conversation, format, rendered) : []),
      ],
    }));
  }

  stop() {}
}

/** Prompt and repairs, as JSON has them. @param format `ai-sdk 5` is the AI SDK for one of its versions */
function render(format, messages) {
  const [name, version] = format.split(' ');
  const rendered =
    version === undefined
      ? renderPrompt(name, messages)
      : renderAiSdk(messages, { version: Number(version) });
  return JSON.parse(JSON.stringify(rendered));
}

/** An event as the service stores it: `content` becomes parts. */
function windowEvent({ content, parts, ...event }, index) {
  const seq = index + 1;
  if (parts) return { seq, event: { ...event, parts }, contentForm: 'parts' };
  if (typeof content === 'string')
    return { seq, event: { ...event, parts: [{ type: 'text', text: content }] }, contentForm: 'string' };
  const contentForm = content ? 'parts' : content === null ? 'null' : 'absent';
  return { seq, event: { ...event, parts: content ?? [] }, contentForm };
}

function withSummaries(log, compactions) {
  return compactions.reduce((messages, { from_seq: fromSeq, to_seq: toSeq, replacement }) => {
    const lastSeq = ({ seq, summary }) => summary?.toSeq ?? seq;
    const summaries = replacement.map((event) => ({
      ...windowEvent(event, fromSeq - 1),
      summary: { fromSeq, toSeq },
    }));
    const before = messages.filter((message) => lastSeq(message) < fromSeq);
    const after = messages.filter(({ seq }) => seq > toSeq);
    return [...before, ...summaries, ...after];
  }, log);
}

/** Without some of its parts, as `skip_parts` leaves it. */
function reduced(message, random) {
  const { event } = message;
  if (event.parts.length < 2 || random.chance(0.7)) return message;
  const parts = event.parts.filter(() => random.chance(0.6));
  const isChanged = parts.length > 0 && parts.length < event.parts.length;
  return isChanged ? { ...message, isReduced: true, event: { ...event, parts } } : message;
}
