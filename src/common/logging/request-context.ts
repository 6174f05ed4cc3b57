import { AsyncLocalStorage } from 'node:async_hooks';

/** Fields on every log line of a request. Ids and numbers only: never message text, never a key. */
export interface RequestFields {
  request_id: string;
  conversation_id?: string;
  seq?: number;
}

declare module 'fastify' {
  interface FastifyRequest {
    /** The fields of this request, which are the current ones while it is handled. */
    logFields?: RequestFields;
  }
}

const storage = new AsyncLocalStorage<RequestFields>();

/** Runs `next`, and everything it awaits, with these fields in the log. @returns the result of `next` */
export function withRequestFields<T>(fields: RequestFields, next: () => T): T {
  return storage.run(fields, next);
}

/** The fields of the current request; undefined outside of a request. */
export function requestFields(): RequestFields | undefined {
  return storage.getStore();
}

/** Adds fields to the log lines of the current request, if there is one. */
export function addRequestFields(fields: Partial<RequestFields>): void {
  const store = storage.getStore();
  if (store) Object.assign(store, fields);
}
