// The requests of the load generator: method and path. `{n}` is the number of the conversation.

export const append = (prefix) => ['POST', `/v1/conversations/${prefix}-{n}/events`];
export const readWindow = (prefix) => ['GET', `/v1/conversations/${prefix}-{n}/window`];
export const readPage = (prefix) => ['GET', `/v1/conversations/${prefix}-{n}/events?from_seq=-200`];

/** The empty request: the body of an append, validated in the same way, and a constant response. */
export const empty = (prefix) => ['POST', `/bench/${prefix}-{n}/append`];

/** Sends the window that was prepared with PUT. */
export const preparedWindow = (prefix) => ['GET', `/bench/${prefix}-{n}/window`];
