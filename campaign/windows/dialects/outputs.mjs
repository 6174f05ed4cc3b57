// The outputs of the tools of a story, in the spellings that several dialects share.

/** The output as text: JSON values as JSON, texts of content joined. */
export function outputText({ text, json, content }) {
  if (text !== undefined) return text;
  if (content) return content.map(({ text: each }) => each ?? '[image]').join('\n');
  return JSON.stringify(json);
}

/** Whether the output has images or files. */
export function hasMedia({ content = [] }) {
  return content.some(({ media }) => media !== undefined);
}

/** An object without its undefined fields. */
export function defined(object) {
  return Object.fromEntries(Object.entries(object).filter(([, value]) => value !== undefined));
}
