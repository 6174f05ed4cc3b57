// The page: reads the UI message stream of the AI SDK, which is server-sent events, and shows it.
const byId = (id) => document.getElementById(id);
const [messages, form, input, send, errorText] = ['messages', 'form', 'message', 'send', 'error'].map(byId);

/** The conversation is in the address, so that a reload finds it again. */
const conversation = location.hash.slice(1) || `chat-${crypto.randomUUID()}`;
history.replaceState(null, '', `#${conversation}`);
const api = (what) => `/api/${encodeURIComponent(conversation)}/${what}`;

function show(role, text) {
  const element = document.createElement('div');
  element.className = `message ${role}`;
  element.textContent = text;
  messages.append(element);
  messages.scrollTop = messages.scrollHeight;
  return element;
}

function showError(message) {
  errorText.textContent = message;
  errorText.hidden = !message;
}

async function get(what) {
  const answer = await fetch(api(what));
  const body = await answer.json();
  if (!answer.ok) throw new Error(body.message);
  return body;
}

async function updateGauge() {
  const { usedTokens, budgetTokens, needsCompaction, messages: count } = await get('gauge');
  Object.assign(byId('gauge'), { max: budgetTokens, high: budgetTokens * 0.7, value: usedTokens });
  byId('figures').textContent =
    `${usedTokens.toLocaleString('en')} of ${budgetTokens.toLocaleString('en')}, ${count} messages` +
    (needsCompaction ? ', time to compact' : '');
}

/** The chunks of a UI message stream. */
async function* chunks(body) {
  let buffered = '';
  for await (const text of body.pipeThrough(new TextDecoderStream())) {
    const lines = (buffered + text).split('\n');
    buffered = lines.pop();
    for (const line of lines) if (line.startsWith('data: {')) yield JSON.parse(line.slice(6));
  }
}

async function say(message) {
  show('user', message);
  const answer = await fetch(api('say'), { method: 'POST', body: JSON.stringify({ message }) });
  if (!answer.ok) throw new Error((await answer.json()).message);
  messages.ariaBusy = 'true'; // read out when it is complete, not word by word
  const element = show('assistant streaming', '');
  try {
    for await (const chunk of chunks(answer.body)) {
      if (chunk.type === 'text-delta') element.textContent += chunk.delta;
      if (chunk.type === 'error') throw new Error(chunk.errorText);
      messages.scrollTop = messages.scrollHeight;
    }
  } finally {
    element.classList.remove('streaming');
    messages.ariaBusy = 'false';
  }
}

form.addEventListener('submit', async (event) => {
  event.preventDefault();
  const message = input.value.trim();
  if (!message || send.disabled) return;
  input.value = '';
  send.disabled = true;
  showError('');
  try {
    await say(message);
    await updateGauge();
  } catch (error) {
    showError(`That did not work: ${error.message}`);
  } finally {
    send.disabled = false;
    input.focus();
  }
});

input.addEventListener('keydown', (event) => {
  if (event.key !== 'Enter' || event.shiftKey || event.isComposing) return;
  event.preventDefault();
  form.requestSubmit();
});

byId('new').addEventListener('click', () => {
  location.hash = '';
  location.reload();
});

try {
  for (const { role, text } of (await get('history')).messages) show(role, text);
  await updateGauge();
} catch (error) {
  showError(`The conversation cannot be read: ${error.message}`);
}
