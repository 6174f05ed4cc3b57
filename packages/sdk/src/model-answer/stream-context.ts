import type { AppendOptions, AppendResult, EventInput, Window } from '../types.js';

/** What a stream needs of a conversation: a `Context`, or the builder of one. */
export interface StreamContext {
  readonly id: string;
  window(options?: { signal?: AbortSignal }): Promise<Window>;
  append(event: EventInput, options?: AppendOptions): Promise<AppendResult>;
}
