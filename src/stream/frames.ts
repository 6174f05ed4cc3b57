import type { CompactionChange } from '../compaction/compaction.js';
import { streamedEventJson } from '../events/event-json.js';
import type { StoredEvent } from '../events/stored-event.js';
import type { Frames, FrameType } from './frame-schemas.js';

/** A frame as bytes. It is serialized once, and all readers share it. */
export interface Frame {
  type: FrameType;
  version: number;
  /** The frame as JSON, in UTF-8. */
  bytes: Buffer;
}

export function frame<Type extends FrameType>(type: Type, content: Frames[Type]): Frame {
  return { type, version: content.version, bytes: Buffer.from(JSON.stringify({ type, ...content })) };
}

export function compactionFrame({ version, fromSeq, toSeq, withdrawn, undoes }: CompactionChange): Frame {
  const range = { from_seq: fromSeq, to_seq: toSeq };
  return frame('compaction', {
    version,
    range,
    ...(withdrawn && { withdrawn }),
    ...(undoes !== null && { undoes }),
  });
}

/** An `event` frame, built from the stored text of the event. */
export function eventFrame(event: StoredEvent): Frame {
  const { seq, version } = event;
  const json = `{"type":"event","version":${version},"seq":${seq},"event":${streamedEventJson(event)}}`;
  return { type: 'event', version, bytes: Buffer.from(json) };
}
