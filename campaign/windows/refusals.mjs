// Judges a prompt: by the validator of its format and, for the AI SDK, by what its versions send to every provider.
import { AiSdkJudge } from './ai-sdk-refusals.mjs';
import { LIBRARY_FORMATS } from './library-requests.mjs';
import { violationsOf, violationsOfRequest } from './violations.mjs';

export class Judge {
  static async load() {
    const judge = new Judge();
    judge.aiSdk = await AiSdkJudge.load();
    return judge;
  }

  /**
   * Whether the provider refuses a prompt.
   *
   * @param format of a window, a version of the AI SDK such as `ai-sdk 5`, or a name of LIBRARY_FORMATS
   * @param prompt as the window or the library has it
   * @param conversation whose window it is
   * @param turn a number that decides which version of the AI SDK and which provider are tried; undefined for all of them
   * @returns the violations, each with the name of its judge; empty if nobody refuses the prompt
   */
  async refusals({ format, prompt, conversation, turn }) {
    if (isEmpty(prompt)) return [];
    if (format.startsWith('ai-sdk')) return this.aiSdk.refusals({ format, prompt, conversation, turn });
    const violations =
      format in LIBRARY_FORMATS
        ? violationsOfRequest(LIBRARY_FORMATS[format], prompt, conversation)
        : violationsOf(format, prompt, conversation);
    return violations.map((violation) => ({ judge: format, ...violation }));
  }
}

/** The prompt of a window without messages. Nobody sends it. */
function isEmpty({ messages, input, contents }) {
  return (messages ?? input ?? contents ?? []).length === 0;
}
