import type { OutlineTool } from './outline.js';

/** The tool calls and results of a message, in order, and whether it is a message of the user that begins a turn. */
export interface MessageTools<Tool extends OutlineTool> {
  tools: readonly Tool[];
  startsTurn: boolean;
}

/**
 * Finds the tool call of each tool result.
 *
 * - A result with an id belongs to the nearest earlier call with that id that has no result yet. Ids may repeat.
 * - A result without an id belongs to the only earlier call of its turn that has no result yet and whose tool the caller runs. If
 *   several calls match, the result belongs to none of them: a result is never paired by guess.
 *
 * A message that starts a turn may begin with the results of the turn before, so its turn starts after its tools.
 *
 * @param messages in the order of the conversation
 * @returns the result of each answered call, and the call of each paired result
 */
export function pairToolResults<Tool extends OutlineTool>(
  messages: Iterable<MessageTools<Tool>>,
): { resultOf: Map<Tool, Tool>; callOf: Map<Tool, Tool> } {
  const resultOf = new Map<Tool, Tool>();
  const callOf = new Map<Tool, Tool>();
  const open = new OpenCalls<Tool>();
  for (const { tools, startsTurn } of messages) {
    for (const tool of tools) {
      if (tool.kind === 'call') {
        open.add(tool);
        continue;
      }
      const call = open.take(tool.id);
      if (!call) continue;
      resultOf.set(call, tool);
      callOf.set(tool, call);
    }
    if (startsTurn) open.startTurn();
  }
  return { resultOf, callOf };
}

/** The calls that have no result yet. */
class OpenCalls<Tool extends OutlineTool> {
  private readonly byId = new Map<string, Tool[]>();
  private readonly ofTurn = new Set<Tool>();

  startTurn(): void {
    this.ofTurn.clear();
  }

  add(call: Tool): void {
    if (!call.isProviderExecuted) this.ofTurn.add(call);
    if (call.id === undefined) return;
    const calls = this.byId.get(call.id);
    if (calls) calls.push(call);
    else this.byId.set(call.id, [call]);
  }

  /** Removes and returns the call that a result with this id belongs to. */
  take(id: string | undefined): Tool | undefined {
    const call = id === undefined ? this.onlyCallOfTurn() : this.byId.get(id)?.pop();
    if (!call) return undefined;
    this.ofTurn.delete(call);
    if (id === undefined && call.id !== undefined) this.forget(call.id, call);
    return call;
  }

  private forget(id: string, call: Tool): void {
    const calls = this.byId.get(id) ?? [];
    this.byId.set(
      id,
      calls.filter((each) => each !== call),
    );
  }

  private onlyCallOfTurn(): Tool | undefined {
    if (this.ofTurn.size !== 1) return undefined;
    const [only] = this.ofTurn;
    return only;
  }
}
