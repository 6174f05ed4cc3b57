import type { AiSdkVersion } from './ai-sdk-native.js';

export interface AiSdkOptions {
  /**
   * The version that the prompt is for. It receives nothing that it does not know. Default: what only some versions
   * know stays as the caller wrote it, and everything else is accepted by all versions.
   */
  version?: AiSdkVersion;
  /**
   * Where system messages and summaries are written:
   *
   * - `leading` (default): the leading ones as `system`, later ones at their place as texts of the user
   * - `hoisted`: all of them as `system`
   * - `user`, `messages`: all of them at their place, as texts of the user or as system messages
   */
  systemPlace?: 'leading' | 'hoisted' | 'user' | 'messages';
  /** The tagged `output` of tool parts of UI messages, for tools that convert their output themselves. Default: text or JSON. */
  outputs?: ReadonlyMap<object, object>;
}
