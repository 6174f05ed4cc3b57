import type { Part } from '../types.js';
import type { ToolResult } from './tool-parts.js';

/** The calls of tools, as parts of UI messages, that wait for their result. */
export class OpenCalls {
  private readonly waiting = new Set<Part>();

  /** @returns the part, which gets the result when it comes */
  open(part: Part): Part {
    this.waiting.add(part);
    return part;
  }

  has(part: Part): boolean {
    return this.waiting.has(part);
  }

  /** Puts a result into the call it belongs to: the last of its id, else the oldest of its name. One that belongs to none is lost. */
  answer({ id, name, output, isError }: ToolResult): void {
    const open = Array.from(this.waiting);
    const call =
      id === undefined
        ? open.find(({ type }) => name === undefined || type === `tool-${name}`)
        : open.findLast(({ toolCallId }) => toolCallId === id);
    if (!call) return;
    this.waiting.delete(call);
    Object.assign(
      call,
      isError
        ? { state: 'output-error', errorText: typeof output === 'string' ? output : JSON.stringify(output) }
        : { state: 'output-available', output: output ?? null },
    );
  }
}
