/** Vocabulary of the appended texts. The texts are the same in every run, and all different. */
const WORDS =
  'the of and to in is you that it he was for on are with as his they at be this from have or by one had not but what all were when we there can an your which their said if do will each about how up out them then she many some so these would other into has more her two like him see time could no make than first been its who now people my made over did down only way find use may water long little very after words called just where most know get through back much before go good new write our used me man too any day same right look think also around another came come work three word must because does part even place well such here take why things help put years different away again off went old number refund itinerary reservation cancellation passenger insurance certificate upgrade economy baggage'.split(
    ' ',
  );

function text(index, bytes) {
  let state = index + 1;
  let words = '';
  while (words.length < bytes) {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
    words += `${WORDS[(state >>> 8) % WORDS.length]} `;
  }
  return words.slice(0, bytes);
}

/** The body of an append, about 300 bytes. */
export function appendBody(index) {
  return JSON.stringify({
    event: { role: index % 2 ? 'assistant' : 'user', parts: [{ type: 'text', text: text(index, 230) }] },
  });
}

/** The event alone, as the log stores it. */
export function storedBody(index) {
  return JSON.stringify(JSON.parse(appendBody(index)).event);
}
