/** A response of the service. `body` is the parsed JSON, or undefined if there is no JSON. */
export interface HttpResponse {
  status: number;
  headers: Headers;
  text: string;
  body: any;
}

interface RequestOptions {
  /** Sent as JSON. A string is sent unchanged. */
  body?: unknown;
  headers?: Record<string, string>;
}

/** An HTTP client of the service, with methods for the most frequent requests. */
export class HttpClient {
  constructor(readonly baseUrl: string) {}

  async request(
    method: string,
    path: string,
    { body, headers = {} }: RequestOptions = {},
  ): Promise<HttpResponse> {
    const response = await fetch(this.baseUrl + path, {
      method,
      headers: { ...(body !== undefined && { 'content-type': 'application/json' }), ...headers },
      body: body === undefined || typeof body === 'string' ? body : JSON.stringify(body),
    });
    const text = await response.text();
    const isJson = response.headers.get('content-type')?.includes('json') && text !== '';
    return {
      status: response.status,
      headers: response.headers,
      text,
      body: isJson ? JSON.parse(text) : undefined,
    };
  }

  /** The path of a conversation or of a resource below it. */
  path(id: string, rest = ''): string {
    return `/v1/conversations/${encodeURIComponent(id)}${rest}`;
  }

  put(id: string, body: unknown = { token_budget: 1_000_000 }): Promise<HttpResponse> {
    return this.request('PUT', this.path(id), { body });
  }

  get(id: string): Promise<HttpResponse> {
    return this.request('GET', this.path(id));
  }

  delete(id: string): Promise<HttpResponse> {
    return this.request('DELETE', this.path(id));
  }

  patch(id: string, metadata: unknown): Promise<HttpResponse> {
    return this.request('PATCH', this.path(id, '/metadata'), { body: { metadata } });
  }

  /** @param body `{ event }` or `{ events }`, with `idempotency_key` and `if_version` if needed */
  append(id: string, body: unknown, headers?: Record<string, string>): Promise<HttpResponse> {
    return this.request('POST', this.path(id, '/events'), { body, headers });
  }

  /** Appends one user message. */
  say(id: string, text: string): Promise<HttpResponse> {
    return this.append(id, { event: { role: 'user', parts: [{ type: 'text', text }] } });
  }

  /** @param query including the question mark */
  events(id: string, query = ''): Promise<HttpResponse> {
    return this.request('GET', this.path(id, `/events${query}`));
  }

  window(id: string, query = ''): Promise<HttpResponse> {
    return this.request('GET', this.path(id, `/window${query}`));
  }

  compact(id: string, body: unknown): Promise<HttpResponse> {
    return this.request('POST', this.path(id, '/compact'), { body });
  }

  compactions(id: string, query = ''): Promise<HttpResponse> {
    return this.request('GET', this.path(id, `/compactions${query}`));
  }

  undo(id: string, version: number | string, body: unknown = {}): Promise<HttpResponse> {
    return this.request('POST', this.path(id, `/compactions/${version}/undo`), { body });
  }

  withdraw(id: string, body: unknown): Promise<HttpResponse> {
    return this.request('POST', this.path(id, '/withdraw'), { body });
  }
}
