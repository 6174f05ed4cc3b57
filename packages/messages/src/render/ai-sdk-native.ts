import { isObject } from '../event.js';
import { isUiToolPart } from '../read/ui-tool-parts.js';

/** A major version of the AI SDK. */
export type AiSdkVersion = 5 | 6 | 7;

/** A check of a field. Without a version, what any version accepts is valid. */
type Check = (value: unknown, version: AiSdkVersion | undefined) => boolean;

interface PartRules {
  roles: readonly string[];
  /** The first version that knows the type. */
  since: AiSdkVersion;
  fields: Readonly<Record<string, Check>>;
}

const isString: Check = (value) => typeof value === 'string';
const isBoolean: Check = (value) => typeof value === 'boolean';
const isAnything: Check = () => true;
const optional =
  (check: Check): Check =>
  (value, version) =>
    value === undefined || check(value, version);

const isProviderOptions: Check = (value) => isObject(value) && Object.values(value).every(isObject);

/** Since version 7, data may be tagged, and may refer to a file that a provider stores. JSON cannot hold the tagged `URL`. */
const isFileData: Check = (value, version) =>
  typeof value === 'string' ||
  ((version ?? 7) >= 7 && isObject(value) && (isInlineData(value) || isReference(value.reference ?? value)));

function isInlineData({ type, data, text }: Record<string, unknown>): boolean {
  return (type === 'data' && typeof data === 'string') || (type === 'text' && typeof text === 'string');
}

/** The id of a stored file, for each provider. */
function isReference(value: unknown): boolean {
  return (
    isObject(value) && value.type === undefined && Object.values(value).every((id) => typeof id === 'string')
  );
}

const OPTIONS = { providerOptions: optional(isProviderOptions) };
const TOOL = { toolCallId: isString, toolName: isString };

/** The parts of the messages of each role. Source: the schemas of `ModelMessage` in AI SDK 5, 6 and 7. */
const PARTS: Readonly<Record<string, PartRules>> = {
  text: { roles: ['user', 'assistant'], since: 5, fields: { text: isString, ...OPTIONS } },
  image: {
    roles: ['user'],
    since: 5,
    fields: { image: isFileData, mediaType: optional(isString), ...OPTIONS },
  },
  file: {
    roles: ['user', 'assistant'],
    since: 5,
    fields: { data: isFileData, mediaType: isString, filename: optional(isString), ...OPTIONS },
  },
  reasoning: { roles: ['assistant'], since: 5, fields: { text: isString, ...OPTIONS } },
  'reasoning-file': {
    roles: ['assistant'],
    since: 7,
    fields: { data: isFileData, mediaType: isString, ...OPTIONS },
  },
  custom: { roles: ['assistant'], since: 7, fields: { kind: isString, ...OPTIONS } },
  'tool-call': {
    roles: ['assistant'],
    since: 5,
    fields: { ...TOOL, input: isAnything, providerExecuted: optional(isBoolean), ...OPTIONS },
  },
  'tool-result': {
    roles: ['assistant', 'tool'],
    since: 5,
    fields: { ...TOOL, output: isToolOutput, ...OPTIONS },
  },
  'tool-approval-request': {
    roles: ['assistant'],
    since: 6,
    fields: {
      ...{ approvalId: isString, toolCallId: isString, reason: optional(isString) },
      ...{
        isAutomatic: optional(isBoolean),
        signature: optional(isString),
        inputSchemaInput: optional(isAnything),
      },
    },
  },
  'tool-approval-response': {
    roles: ['tool'],
    since: 6,
    fields: {
      ...{ approvalId: isString, approved: isBoolean },
      ...{ reason: optional(isString), providerExecuted: optional(isBoolean) },
    },
  },
};

/** Whether a message of the role can contain the part as it is. @param version default: any version */
export function isModelPart(
  part: Readonly<Record<string, unknown>>,
  role: string,
  version?: AiSdkVersion,
): boolean {
  const type = String(part.type);
  const rules = Object.hasOwn(PARTS, type) ? PARTS[type] : undefined;
  if (!rules?.roles.includes(role) || rules.since > (version ?? 7)) return false;
  const hasOnlyKnownFields = Object.keys(part).every(
    (key) => key === 'type' || Object.hasOwn(rules.fields, key),
  );
  return (
    hasOnlyKnownFields && Object.entries(rules.fields).every(([name, check]) => check(part[name], version))
  );
}

/** Whether a part of a message of the model was written by the AI SDK, so that it can be executed in place by its provider. */
export function isOfAiSdk(part: Readonly<Record<string, unknown>>): boolean {
  return isModelPart(part, 'assistant') || isUiToolPart(part);
}

/** The versions that know each type of content in the output of a tool. */
const CONTENT_VERSIONS: Readonly<Record<string, readonly AiSdkVersion[]>> = {
  text: [5, 6, 7],
  media: [5, 6],
  'file-data': [6, 7],
  'file-url': [6, 7],
  'file-id': [6, 7],
  'image-data': [6, 7],
  'image-url': [6, 7],
  'image-file-id': [6, 7],
  custom: [6, 7],
  file: [7],
  'file-reference': [7],
  'image-file-reference': [7],
};

/** Whether a value is the tagged `output` of a tool result. @param version default: any version */
export function isToolOutput(output: unknown, version?: AiSdkVersion): boolean {
  if (!isObject(output)) return false;
  const { type, value } = output;
  switch (type) {
    case 'text':
    case 'error-text':
      return typeof value === 'string';
    case 'json':
    case 'error-json':
      return value !== undefined;
    case 'execution-denied':
      return (version ?? 7) >= 6 && optional(isString)(output.reason, version);
    case 'content':
      return Array.isArray(value) && value.every((item) => isOutputContent(item, version));
    default:
      return false;
  }
}

function isOutputContent(item: unknown, version: AiSdkVersion | undefined): boolean {
  if (!isObject(item)) return false;
  if (item.type === 'text' && typeof item.text !== 'string') return false;
  // The schema of AI SDK 7 wants a `URL` here, which JSON cannot hold.
  if (item.type === 'file' && isObject(item.data) && item.data.type === 'url') return false;
  const type = String(item.type);
  const versions = Object.hasOwn(CONTENT_VERSIONS, type) ? CONTENT_VERSIONS[type] : undefined;
  return versions !== undefined && (version === undefined || versions.includes(version));
}
