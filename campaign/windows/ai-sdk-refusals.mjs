// Judges a prompt for the AI SDK: by its validator, and by the requests that the AI SDK sends to the providers.
import { AI_VERSIONS, AiSdk, PROVIDER_FORMATS } from './ai-sdk-requests.mjs';
import { isKnownQuirk, partsOf } from './provider-quirks.mjs';
import { violationsOf, violationsOfRequest } from './violations.mjs';

/** The formats of the AI SDK for one of its versions, which a client can render. */
export const AI_SDK_FORMATS = AI_VERSIONS.map((version) => `ai-sdk ${version}`);

export class AiSdkJudge {
  static async load() {
    const judge = new AiSdkJudge();
    judge.sdks = await Promise.all(AI_VERSIONS.map((version) => AiSdk.load(version)));
    return judge;
  }

  /** @param options as `Judge.refusals` */
  async refusals({ format, prompt, conversation, turn }) {
    const sdks = this.sdks.filter(({ version }) =>
      versionsOf(format, prompt, conversation).includes(version),
    );
    const requests = sdks.flatMap((sdk) => PROVIDER_FORMATS.map((provider) => ({ sdk, provider })));
    const chosen = turn === undefined ? requests : requests.slice(turn % requests.length).slice(0, 1);
    const violations = [];
    for (const { sdk, provider } of chosen) {
      const { version } = sdk;
      for (const violation of violationsOf('ai-sdk', prompt, conversation, { version }))
        if (!isKnownQuirk({ violation, conversation, prompt, sent: prompt }))
          violations.push({ judge: `ai-sdk ${version}`, ...violation });
      violations.push(...(await refusalsOfRequest({ sdk, provider, prompt, conversation })));
    }
    return violations;
  }
}

/**
 * The versions of the AI SDK that a prompt is for. Without a version in its format, what only some versions know stays as the
 * application wrote it: then these are the versions that know it.
 */
function versionsOf(format, prompt, conversation) {
  const [, version] = format.split(' ');
  if (version !== undefined) return [Number(version)];
  const json = JSON.stringify(partsOf(conversation));
  const needs = {
    7: /"type":"(custom|reasoning-file)"|"data":\{"type":"|"mediaType":"[^"]*","data":\{/.test(json),
    6:
      Array.isArray(prompt.system) ||
      /"type":"(tool-approval|image-data|image-url|file-data|file-url|execution-denied)|"approval":\{/.test(
        json,
      ),
  };
  const isOfVersion5 = json.includes('"type":"media"');
  return AI_VERSIONS.filter(
    (each) => (each >= 7 || !needs[7]) && (each >= 6 || !needs[6]) && (each < 7 || !isOfVersion5),
  );
}

async function refusalsOfRequest({ sdk, provider, prompt, conversation }) {
  const { prompt: sent, error } = await sdk.request(provider, prompt);
  const violations = error
    ? [{ rule: 'throws', path: '', message: `${error.name}: ${error.message}` }]
    : violationsOfRequest(provider, sent, conversation);
  return violations
    .filter((violation) => !isKnownQuirk({ provider, violation, conversation, prompt, sent }))
    .map((violation) => ({ judge: `ai ${sdk.version} → ${provider}`, ...violation }));
}
