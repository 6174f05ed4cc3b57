import { streamedEventJson } from '../events/event-json.js';
import type { StoredEvent } from '../events/stored-event.js';

/** The frames of a stream by type; what a client may receive, and all of it. Every frame has `type` and `version`. */
export interface Frames {
  /** An event was appended. */
  event: { version: number; seq: number; event: unknown };
  /** The window has changed: read it again. */
  window: { version: number; needs_compaction: boolean; used_tokens: number };
  /** A range was compacted. */
  compaction: { version: number; range: { from_seq: number; to_seq: number } };
  /** The conversation was deleted; the stream ends after this. */
  tombstoned: { version: number };
  /** The log is another one now, as after a failover that lost changes or a restore: forget what you have and read again. */
  reset: { version: number };
  /** Changes `expected` … `actual` were left out: read them from the log. The stream goes on after `version`. */
  gap: { version: number; expected: number; actual: number; reason: GapReason };
  /** A heartbeat; answer with any frame. */
  ping: { version: number };
}

export type GapReason = 'cursor_ahead' | 'slow_reader';
export type FrameType = keyof Frames;

/** A frame ready to be sent: its bytes are made once, and all readers share them. */
export interface Frame {
  type: FrameType;
  version: number;
  /** Its JSON. */
  bytes: Buffer;
}

export function frame<Type extends FrameType>(type: Type, content: Frames[Type]): Frame {
  return { type, version: content.version, bytes: Buffer.from(JSON.stringify({ type, ...content })) };
}

/** An `event` frame, spliced from the event's own text. */
export function eventFrame(event: StoredEvent): Frame {
  const { seq, version } = event;
  const json = `{"type":"event","version":${version},"seq":${seq},"event":${streamedEventJson(event)}}`;
  return { type: 'event', version, bytes: Buffer.from(json) };
}
