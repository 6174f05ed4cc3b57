/** A tool call or a tool result, reduced to what pairing needs. */
export interface CallOrResult {
  kind: 'call' | 'result';
  /** The id of the call; undefined if the dialect or the caller gives none. */
  id: string | undefined;
  /** The provider runs the tool and gives its result the id of the call. */
  isProviderExecuted?: boolean;
}

/**
 * Finds the tool call of each tool result.
 *
 * - A result with an id belongs to the nearest earlier call with that id that has no result yet. Ids may repeat.
 * - A result without an id belongs to the only earlier call that has no result yet and whose tool the caller runs. If there are
 *   several, it belongs to none: a result is never paired by guess.
 *
 * @param entries calls and results in the order of the conversation
 * @param startsTurn whether an entry is the first after a message of the user: a result without an id never belongs to a call
 * of an earlier turn
 * @returns the result of each call, and the call of each result, for those that have one
 */
export function pairToolResults<Entry extends CallOrResult>(
  entries: Iterable<Entry>,
  startsTurn: (entry: Entry) => boolean = () => false,
): { resultOf: Map<Entry, Entry>; callOf: Map<Entry, Entry> } {
  const resultOf = new Map<Entry, Entry>();
  const callOf = new Map<Entry, Entry>();
  const open = new OpenCalls<Entry>();
  for (const entry of entries) {
    if (startsTurn(entry)) open.startTurn();
    if (entry.kind === 'call') {
      open.add(entry);
      continue;
    }
    const call = open.take(entry.id);
    if (!call) continue;
    resultOf.set(call, entry);
    callOf.set(entry, call);
  }
  return { resultOf, callOf };
}

/** The calls that have no result yet. */
class OpenCalls<Entry extends CallOrResult> {
  private readonly byId = new Map<string, Entry[]>();
  private ofTurn = new Set<Entry>();

  startTurn(): void {
    this.ofTurn = new Set();
  }

  add(call: Entry): void {
    if (!call.isProviderExecuted) this.ofTurn.add(call);
    if (call.id === undefined) return;
    const calls = this.byId.get(call.id);
    if (calls) calls.push(call);
    else this.byId.set(call.id, [call]);
  }

  /** Removes and returns the call that a result with this id belongs to. */
  take(id: string | undefined): Entry | undefined {
    const call = id === undefined ? this.onlyCallOfTurn() : this.byId.get(id)?.pop();
    if (!call) return undefined;
    this.ofTurn.delete(call);
    if (id === undefined && call.id !== undefined) this.forget(call.id, call);
    return call;
  }

  private forget(id: string, call: Entry): void {
    const calls = this.byId.get(id) ?? [];
    this.byId.set(
      id,
      calls.filter((each) => each !== call),
    );
  }

  private onlyCallOfTurn(): Entry | undefined {
    if (this.ofTurn.size !== 1) return undefined;
    const [only] = this.ofTurn;
    return only;
  }
}
