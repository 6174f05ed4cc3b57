import type { Part } from './event.js';

/*
 * The items of an event: what its parts and fields mean, whatever the dialect. Every item refers to the object that it was
 * read from, so that a writer of the same dialect can return that object unchanged.
 */

export type Item =
  TextItem | ReasoningItem | MediaItem | ToolCallItem | ToolResultItem | StepItem | OpaqueItem;

interface ItemBase {
  /** The part, the tool call or the event that the item was read from. A UI tool part gives a call and a result. */
  readonly source: Readonly<Record<string, unknown>>;
  readonly place: Place;
}

/**
 * Where the source of an item is: an index among the parts of the event or among its `tool_calls`, another field of the
 * event, or the event itself, for a message of OpenAI with the role `tool`.
 */
export interface Place {
  readonly field:
    'parts' | 'tool_calls' | 'function_call' | 'refusal' | 'audio' | 'reasoning_content' | 'event';
  readonly index: number;
}

/** Text that the model reads: of a text part, a refusal, or an unknown part that has a `text`. */
export interface TextItem extends ItemBase {
  readonly kind: 'text';
  readonly text: string;
  readonly isRefusal: boolean;
}

/** What a model thought. Only the provider that wrote it accepts it back. */
export interface ReasoningItem extends ItemBase {
  readonly kind: 'reasoning';
  /** Empty if the reasoning is encrypted or redacted. */
  readonly text: string;
}

/** An image, a file, audio or video. */
export interface MediaItem extends ItemBase {
  readonly kind: 'media';
  readonly media: Media;
}

export interface Media {
  /** An IANA media type such as `image/png`; `image/*` or `application/octet-stream` if unknown. */
  readonly mediaType: string;
  readonly data: MediaData;
  readonly filename?: string;
}

export type MediaData =
  | { readonly type: 'base64'; readonly base64: string }
  | { readonly type: 'url'; readonly url: string }
  /** A document given as text. */
  | { readonly type: 'text'; readonly text: string }
  /**
   * An id that one provider has given to an uploaded file. `references` are the ids of the file by provider, such as `openai`,
   * if more than one may be known; `fileId` is one of them.
   */
  | {
      readonly type: 'file-id';
      readonly fileId: string;
      readonly references?: Readonly<Record<string, string>>;
    };

/** A request of the model to run a tool. */
export interface ToolCallItem extends ItemBase {
  readonly kind: 'call';
  /** The id that the model gave the call; undefined for dialects without call ids. Ids may repeat in a conversation. */
  readonly id: string | undefined;
  readonly name: string;
  /** The arguments as the model wrote them: a value, or the text of custom tools and of arguments that are not JSON. */
  readonly input: unknown;
  /**
   * Whether the provider itself runs the tool. Its result may be missing: it then needs none, because the provider has
   * the result or delivers it later.
   */
  readonly isProviderExecuted: boolean;
}

/** What a tool returned. */
export interface ToolResultItem extends ItemBase {
  readonly kind: 'result';
  /** The id of the call; undefined for dialects without call ids, or if the caller stored the result without it. */
  readonly callId: string | undefined;
  readonly name: string | undefined;
  readonly output: ToolOutput;
  readonly isError: boolean;
}

/** The output of a tool: a JSON value, or content that a person can read. */
export type ToolOutput =
  | { readonly type: 'text'; readonly text: string }
  | { readonly type: 'json'; readonly value: unknown }
  | { readonly type: 'content'; readonly content: readonly ToolOutputContent[] };

export type ToolOutputContent =
  | { readonly type: 'text'; readonly text: string }
  | { readonly type: 'media'; readonly media: Media; readonly source: Part };

/** A boundary between two steps of one answer: `step-start` of a UI message. Nothing that a model reads. */
export interface StepItem extends ItemBase {
  readonly kind: 'step';
}

/** Anything else: only the dialect that it was written in can carry it. */
export interface OpaqueItem extends ItemBase {
  readonly kind: 'opaque';
}
