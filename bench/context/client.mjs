/** The requests of this benchmark. */
export class Client {
  constructor(url) {
    this.url = url;
  }

  /** @returns whether the service accepts the settings */
  async create(id, settings) {
    const response = await this.#send('PUT', conversation(id), settings);
    const text = await response.text();
    if (!response.ok && response.status !== 400) throw new Error(`PUT ${id}: ${response.status} ${text}`);
    return response.ok;
  }

  /** @returns tokens of the events */
  async append(id, events, more = {}) {
    let tokens = 0;
    for (let at = 0; at < events.length; at += 100) {
      const body = { events: events.slice(at, at + 100), ...more };
      const appended = JSON.parse(await this.#text('POST', `${conversation(id)}/events`, body));
      tokens += appended.events.reduce((sum, { token_estimate: estimate }) => sum + estimate, 0);
    }
    return tokens;
  }

  /** @returns the JSON of the window */
  windowText(id, budgetTokens, query = '') {
    return this.#text('GET', `${conversation(id)}/window?budget_tokens=${budgetTokens}${query}`);
  }

  /** Removes what the service has learned about a model. */
  async forget(model) {
    await this.#text('DELETE', `calibrations/${model}`).catch(() => undefined);
  }

  /** @returns how many usage reports of a model the service has processed */
  async reportCount(model) {
    const { calibrations } = JSON.parse(await this.#text('GET', 'calibrations'));
    return calibrations.find((calibration) => calibration.model === model)?.reports ?? 0;
  }

  async #text(method, path, body) {
    const response = await this.#send(method, path, body);
    const text = await response.text();
    if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${text}`);
    return text;
  }

  #send(method, path, body) {
    return fetch(`${this.url}/v1/${path}`, {
      method,
      ...(body && { headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) }),
    });
  }
}

function conversation(id) {
  return `conversations/${encodeURIComponent(id)}`;
}
