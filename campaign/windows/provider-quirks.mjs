// Refusals that no prompt can avoid, because an AI SDK or a provider lacks what the application itself has put into its log.
// Each entry is as narrow as possible.

const QUIRKS = [
  /** The provider takes no files of this type. The format is for all providers, and others take it. */
  function unsupportedFile({ violation: { rule, message } }) {
    return (
      rule === 'throws' &&
      /^AI_UnsupportedFunctionalityError: '(file part )?media type:? (audio|video|text)\/[\w.+-]+'/.test(
        message,
      )
    );
  },

  /** The application itself has sent an image of a type that most providers do not take. */
  function unsupportedImage({ conversation, violation: { rule, path, message }, sent }) {
    const [, named] = /^The value is not one of those allowed here: got "([^"]+)"/.exec(message) ?? [];
    const type = rule === 'value' ? named : rule === 'pattern' ? valueAt(sent, path) : undefined;
    return (
      String(type).startsWith('image/') && partsOf(conversation).some(({ mediaType }) => mediaType === type)
    );
  },

  /** Anthropic's package leaves out the files of the model, even if a message has nothing else. */
  function fileOfModel({ provider, prompt, violation: { rule } }) {
    const isOfFiles = ({ role, content }) =>
      role === 'assistant' && Array.isArray(content) && content.every(({ type }) => type === 'file');
    return provider === 'anthropic' && rule === 'empty' && prompt.messages.some(isOfFiles);
  },

  /** A call that its provider still executes may be the end of a prompt. */
  function callInProgress({ prompt, violation: { rule } }) {
    const { content } = prompt.messages.at(-1);
    return (
      rule === 'last-role' &&
      Array.isArray(content) &&
      content.some(({ providerExecuted }) => providerExecuted)
    );
  },

  /** Google refuses such a name of a tool also in the list of tools, which is the application's. */
  function nameOfTool({ provider, violation: { rule, path }, sent }) {
    return provider === 'gemini' && rule === 'pattern' && /^[\d-][\w-]*$/.test(valueAt(sent, path));
  },

  /**
   * The log has calls of a tool that a provider executes. The packages of the AI SDK write such a call for every provider:
   * without its result, or with the id of the other provider. The package of Google writes the calls of its own tools like that, too.
   */
  function toolOfProvider({ provider, conversation, violation: { rule, path, message }, sent }) {
    const hosted = partsOf(conversation).filter(({ providerExecuted }) => providerExecuted);
    const foreignIds = hosted
      .map(({ toolCallId }) => toolCallId)
      .filter((id) => executingProvider(id) !== provider);
    const isNamed = foreignIds.some(
      (id) => message.includes(JSON.stringify(id)) || valueAt(sent, path) === id,
    );
    // The rules of Gemini name no ids.
    const isOfGemini =
      provider === 'gemini' && ['unanswered-call', 'response-count', 'call-position'].includes(rule);
    // Anthropic's package leaves out such a call, even if it is all that a message has.
    const isEmptied = provider === 'anthropic' && rule === 'empty' && foreignIds.length > 0;
    return isNamed || isEmptied || (isOfGemini && hosted.length > 0);
  },
];

/** The value at a path such as `messages[1].content[0].id`. */
function valueAt(prompt, path) {
  return path.match(/[^.[\]]+/g)?.reduce((value, key) => value?.[key], prompt);
}

/** The parts of all events of a conversation. */
export function partsOf({ events }) {
  return events.flatMap(({ content, parts = content }) => (Array.isArray(parts) ? parts : []));
}

function executingProvider(toolCallId) {
  if (toolCallId.startsWith('srvtoolu_')) return 'anthropic';
  return toolCallId.startsWith('ws_') ? 'openai-responses' : 'gemini';
}

/** @param request `{ provider, violation, conversation, prompt, sent }`: the prompt, and what an AI SDK sent to a provider, if anything */
export function isKnownQuirk(request) {
  return QUIRKS.some((quirk) => quirk(request));
}
