import type { MessageEvent } from './event.js';
import type { Item } from './items.js';
import { readItems } from './read/read-items.js';
import { wellFormedEvent } from './well-formed.js';
import type { ContentForm } from './window-event.js';

/**
 * What a window needs to know of an event without reading its parts. The service stores it with the event.
 */
export interface EventOutline {
  /** The tool calls and results of the event, in order. */
  tools: readonly OutlineTool[];
  /** Whether all items are reasoning: the event belongs to the event that follows it. */
  isReasoning: boolean;
  /** Whether all parts are responses of the user to approvals of tool calls: the event belongs to the event before it. */
  isApproval: boolean;
  /** Whether a user wrote it and it is more than tool results: it begins a turn. */
  startsTurn: boolean;
  /** Whether a text is not well-formed Unicode: it has a lone surrogate, which providers reject. */
  isIllFormed: boolean;
  /** How the caller wrote the content; undefined if it was not recorded. */
  contentForm: ContentForm | undefined;
}

/** A tool call or result in an outline. */
export interface OutlineTool {
  kind: 'call' | 'result';
  /** The id of the call; undefined for dialects without call ids, or if the caller stored none. */
  id: string | undefined;
  /** Only calls: the provider runs the tool. The call may stay without a result, and a result without an id never belongs to it. */
  isProviderExecuted: boolean;
}

/** Increased with every change of what `readItems` or `outlineOf` finds. Outlines of another version are worked out anew. */
export const OUTLINE_VERSION = 1;

/** The letter of each content form in a serialized outline. */
const FORM_LETTERS: Readonly<Record<ContentForm, string>> = {
  string: 't',
  null: 'n',
  absent: 'a',
  parts: 'p',
};

const FORMS = Object.keys(FORM_LETTERS) as ContentForm[];

export function outlineOf(event: MessageEvent, contentForm?: ContentForm): EventOutline {
  return outlineOfItems(event, readItems(event), contentForm);
}

/** @param items those of the event, if they have been read already */
export function outlineOfItems(
  event: MessageEvent,
  items: readonly Item[],
  contentForm?: ContentForm,
): EventOutline {
  return {
    tools: items.flatMap(outlineTool),
    isReasoning: items.length > 0 && items.every(({ kind }) => kind === 'reasoning'),
    isApproval: isApproval(event),
    startsTurn: startsTurn(event, items),
    isIllFormed: wellFormedEvent(event) !== event,
    contentForm,
  };
}

/** Whether an event is a message of the user that is more than tool results. */
export function startsTurn({ role }: MessageEvent, items: readonly Item[]): boolean {
  return role === 'user' && !(items.length > 0 && items.every(({ kind }) => kind === 'result'));
}

function isApproval({ role, parts }: MessageEvent): boolean {
  return role === 'tool' && parts.length > 0 && parts.every(({ type }) => type === 'tool-approval-response');
}

/** The call or result that an item is; empty for other items. */
export function outlineTool(item: Item): OutlineTool[] {
  if (item.kind === 'call')
    return [{ kind: 'call', id: item.id, isProviderExecuted: item.isProviderExecuted }];
  if (item.kind === 'result') return [{ kind: 'result', id: item.callId, isProviderExecuted: false }];
  return [];
}

/**
 * The outline as text, for a column of a database: the version, a letter per property, and the tools as JSON. It is short for
 * a message without tools, for example `1tu`.
 */
export function serializeOutline(outline: EventOutline): string {
  const { tools, isReasoning, isApproval, startsTurn, isIllFormed, contentForm } = outline;
  const form = contentForm ? FORM_LETTERS[contentForm] : '';
  const flags = `${form}${isReasoning ? 'r' : ''}${isApproval ? 'd' : ''}${startsTurn ? 'u' : ''}${isIllFormed ? 'x' : ''}`;
  const list = tools.length ? JSON.stringify(tools.map(toolText)) : '';
  return `${OUTLINE_VERSION}${flags}${list}`;
}

/** Outlines without tools, by their text: most events have one of a few. */
const withoutTools = new Map<string, EventOutline>();

/** Parses a serialized outline; undefined for null, and for an outline of another version. */
export function parseOutline(text: string | null): EventOutline | undefined {
  if (text === null) return undefined;
  const known = withoutTools.get(text);
  if (known) return known;
  const [, version, flags = '', list] = /^(\d+)([a-z]*)(.*)$/s.exec(text) ?? [];
  if (Number(version) !== OUTLINE_VERSION) return undefined;
  const outline = {
    tools: list ? (JSON.parse(list) as string[]).map(parseTool) : [],
    isReasoning: flags.includes('r'),
    isApproval: flags.includes('d'),
    startsTurn: flags.includes('u'),
    isIllFormed: flags.includes('x'),
    contentForm: FORMS.find((form) => flags.includes(FORM_LETTERS[form])),
  };
  if (!list) withoutTools.set(text, outline);
  return outline;
}

/** `c` a call, `p` a call that the provider executes, `r` a result; in capitals without an id, otherwise the id follows. */
function toolText({ kind, id, isProviderExecuted }: OutlineTool): string {
  const letter = kind === 'result' ? 'r' : isProviderExecuted ? 'p' : 'c';
  return id === undefined ? letter.toUpperCase() : letter + id;
}

function parseTool(text: string): OutlineTool {
  const letter = text.charAt(0);
  const lower = letter.toLowerCase();
  return {
    kind: lower === 'r' ? 'result' : 'call',
    id: letter === lower ? text.slice(1) : undefined,
    isProviderExecuted: lower === 'p',
  };
}
