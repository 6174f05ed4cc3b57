import { firstString, type Part } from '../event.js';
import type { Item, Place } from '../items.js';
import { readInput } from './tool-inputs.js';
import { readOutput } from './tool-outputs.js';

/** A call of a tool that OpenAI runs, with its output in the same item. */
interface HostedCall {
  name: string;
  input: unknown;
  /** The output of the tool; undefined or null while the tool still runs, or if OpenAI does not return the output. */
  output?: unknown;
  error?: unknown;
}

const READERS = new Map<string, (part: Part) => HostedCall>(
  Object.entries({
    web_search_call: ({ action }) => ({ name: 'web_search', input: action }),
    file_search_call: ({ queries, results }) => ({
      name: 'file_search',
      input: { queries },
      output: results,
    }),
    code_interpreter_call: ({ code, outputs }) => ({
      name: 'code_interpreter',
      input: { code },
      output: outputs,
    }),
    mcp_call: ({ name, arguments: input, output, error }) => ({
      name: firstString(name) ?? 'mcp',
      input,
      output,
      error,
    }),
    // Of the OpenAI Agents SDK: one of the above.
    hosted_tool_call: ({ name, arguments: input, output }) => ({
      name: firstString(name) ?? 'hosted_tool',
      input,
      output,
    }),
  } satisfies Record<string, (part: Part) => HostedCall>),
);

/** Reads a call that OpenAI runs and whose output, if it is known, is part of the same item. Undefined for other parts. */
export function readHostedCall(part: Part, place: Place): Item[] | undefined {
  const hosted = READERS.get(part.type)?.(part);
  if (!hosted) return undefined;
  const { name, input, error } = hosted;
  // Any id binds the result to the call directly before it.
  const id = firstString(part.id, part.type);
  const common = { source: part, place };
  const call = {
    kind: 'call',
    id,
    name,
    input: readInput(input),
    isProviderExecuted: true,
    ...common,
  } as const;
  const output = hosted.output ?? error ?? undefined;
  if (output === undefined) return [call];
  const isError = output === error;
  return [call, { kind: 'result', callId: id, name, output: readOutput(output), isError, ...common }];
}
