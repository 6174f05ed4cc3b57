import { AsyncLocalStorage } from 'node:async_hooks';

/** Fields that a request's log lines carry. Ids and numbers only: never message text, never a key. */
export interface RequestFields {
  request_id: string;
  conversation_id?: string;
  seq?: number;
}

const storage = new AsyncLocalStorage<RequestFields>();

/** Runs what follows, whatever it awaits, with these fields. */
export function withRequestFields(fields: RequestFields, next: () => void): void {
  storage.run(fields, next);
}

export function requestFields(): RequestFields | undefined {
  return storage.getStore();
}

/** Adds to the log line of the request under way, if there is one. */
export function noteInRequestLog(fields: Partial<RequestFields>): void {
  const store = storage.getStore();
  if (store) Object.assign(store, fields);
}
