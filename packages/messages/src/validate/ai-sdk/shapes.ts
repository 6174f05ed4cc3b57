import { isPresent } from '../json.js';
import {
  anything,
  array,
  boolean,
  nonEmptyText,
  object,
  partsByRole,
  record,
  string,
  stringOr,
  text,
  variants,
  type Shape,
} from '../shape.js';
import { fileData } from './files.js';
import type { AiSdkOptions } from './options.js';
import { output } from './output.js';
import { part } from './part.js';

/** Names and ids that every provider accepts. */
const NAME = { minLength: 1, maxLength: 64, pattern: /^[a-zA-Z0-9_-]+$/ };
const ID = { ...NAME, maxLength: 40 };

/** The shape of a message of one version, and of `system`. */
export function shapesFor({ version = 7, portable = true }: AiSdkOptions): { message: Shape; system: Shape } {
  const spoken = portable ? portableText : text;
  const parts = partsFor(version, portable, part({ text: spoken }));
  const message = (content: Shape): Shape =>
    object({ role: anything, content, 'providerOptions?': record }, { open: true });
  const systemMessage = message(spoken);
  return {
    message: variants('role', {
      system: systemMessage,
      user: message(stringOr(array(parts.user, { minItems: 1 }), spoken)),
      assistant: message(stringOr(array(parts.assistant, { minItems: 1 }), spoken)),
      tool: message(array(parts.tool, { minItems: 1 })),
    }),
    system: version < 6 ? spoken : oneOrMore(spoken, systemMessage),
  };
}

function partsFor(
  version: number,
  portable: boolean,
  textPart: Shape,
): Record<'user' | 'assistant' | 'tool', Shape> {
  const toolCallId = portable ? string(ID) : text;
  const toolName = portable ? string(NAME) : text;
  const data = fileData(version);
  const file = part({ data, mediaType: nonEmptyText, 'filename?': text });
  const result = part({ toolCallId, toolName, output: output(version) });
  const input = portable ? record : anything;
  return partsByRole({
    user: { text: textPart, image: part({ image: data, 'mediaType?': text }), file },
    assistant: {
      text: textPart,
      file,
      reasoning: part({ text }),
      'tool-call': part({ toolCallId, toolName, input, 'providerExecuted?': boolean }),
      'tool-result': result,
      ...(version >= 6 && {
        'tool-approval-request': part({ approvalId: nonEmptyText, toolCallId: nonEmptyText }),
      }),
      ...(version >= 7 && {
        custom: part({ kind: nonEmptyText }),
        'reasoning-file': part({ data, mediaType: nonEmptyText }),
      }),
    },
    tool: {
      'tool-result': result,
      ...(version >= 6 && {
        'tool-approval-response': part({ approvalId: nonEmptyText, approved: boolean, 'reason?': text }),
      }),
    },
  });
}

/** White space alone. The empty text is left to the AI SDK, which drops it. */
const portableText: Shape = (value, path, report) => {
  text(value, path, report);
  if (typeof value === 'string' && value !== '' && !/\S/.test(value)) report('blank', path);
};

/** A text, a system message or a list of them. */
function oneOrMore(spoken: Shape, systemMessage: Shape): Shape {
  return (value, path, report) => {
    const shape = Array.isArray(value) ? array(systemMessage) : stringOr(systemMessage, spoken);
    shape(value, path, report);
  };
}

/** Whether the AI SDK drops a part of this message before it calls the provider. */
export function isDropped(
  role: unknown,
  { type, text: value, providerOptions }: Record<string, unknown>,
): boolean {
  return type === 'text' && value === '' && !(role === 'assistant' && isPresent(providerOptions));
}
