// What a log shows of the requests to OpenAI Responses that produced its items.

/**
 * @returns the ids of the items that have a reasoning item before them in the same answer: OpenAI refuses them without it. A model
 *   without reasoning gives its items ids, too.
 */
export function idsBoundToReasoning(events) {
  const bound = new Set();
  let hasReasoning = false;
  for (const { role, id, content, parts = content, metadata } of events) {
    if (role !== 'assistant') hasReasoning = false;
    if (role !== 'assistant' || typeof parts === 'string') continue;
    for (const part of parts ?? []) {
      const itemId = part.id ?? part.providerOptions?.openai?.itemId ?? metadata?.openaiAgents?.id;
      if (part.type === 'reasoning') hasReasoning ||= itemId !== undefined;
      else if (hasReasoning && itemId !== undefined) bound.add(itemId);
    }
    if (hasReasoning && id !== undefined) bound.add(id);
  }
  return bound;
}

/** Whether OpenAI has the items of a log: with `store: false`, reasoning has its encrypted content. */
export function isStoredByOpenAi(events) {
  return events.some(({ content, parts = content, metadata }) => {
    const item = metadata?.openaiAgents; // of our session: the fields of the item are in the metadata
    return (Array.isArray(parts) ? parts : []).some(
      ({ type, id = item?.id, encrypted_content: encrypted = item?.providerData?.encrypted_content }) =>
        type === 'reasoning' && id !== undefined && encrypted === undefined,
    );
  });
}
