/** What identifies a tool call or a tool result. Some dialects have no ids, others no names. */
export interface ToolReference {
  id?: string;
  name?: string;
}

/**
 * Finds the tool call that a tool result belongs to. Add the calls and results of a conversation in their order:
 *
 * - A result with an id belongs to the latest open call with that id.
 * - A result without an id belongs to the oldest open call with its name, or without a name, to the oldest open call.
 * - A result closes its call, unless `resultsPerCall` is `any`. An id may be used again for a later call.
 *
 * Providers reject a call without its result and a result without its call. Either may be missing because a policy, a
 * compaction or the token budget removed it.
 */
export class ToolPairing<Call> {
  #open: (ToolReference & { call: Call })[] = [];

  constructor(private readonly resultsPerCall: 'one' | 'any' = 'one') {}

  /** @param call what `addResult` returns for the result of this call */
  addCall(call: Call, { id, name }: ToolReference): void {
    this.#open.push({ id, name, call });
  }

  /** @returns the call that the result belongs to; undefined if there is none */
  addResult({ id, name }: ToolReference): Call | undefined {
    const index =
      id === undefined
        ? this.#open.findIndex((open) => name === undefined || open.name === name)
        : this.#open.findLastIndex((open) => open.id === id);
    const match = this.#open[index];
    if (match && this.resultsPerCall === 'one') this.#open.splice(index, 1);
    return match?.call;
  }

  /** The calls that have no result yet, in their order. */
  openCalls(): Call[] {
    return this.#open.map(({ call }) => call);
  }

  /** Later results belong to none of the open calls. @param id forget only the calls with this id */
  forgetOpenCalls(id?: string): void {
    this.#open = id === undefined ? [] : this.#open.filter((open) => open.id !== id);
  }
}
