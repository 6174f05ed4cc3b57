// Random texts, names, ids and files of conversations. Ordinary ones, unless the traits of the conversation say otherwise.

const WORDS =
  'the order of a customer was shipped on monday and costs 42 euro please check what is missing before we answer'.split(
    ' ',
  );
const TOOLS = ['get_weather', 'search', 'read_file', 'bash', 'lookup_order', 'list_files'];
const ODD_TOOLS = [
  'get weather',
  'näme',
  'files.read',
  'mcp__server__tool',
  '1st_tool',
  '-dash',
  'a'.repeat(130),
  'функция',
];
const BLANK = ['', ' ', '\n', '\t \n', '\u00a0'];
const LONE_SURROGATES = ['\ud800', 'half \udc00 here', 'emoji \ud83d cut', '\udfff\ud800'];
const BROKEN_JSON = [
  '{"city": "Par',
  'city=Paris',
  '',
  'null',
  '[1,2]',
  '"text"',
  '42',
  '{"a":1}}',
  "{'a':1}",
];

/** One white pixel. */
export const PNG =
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR4nGP4//8/AwAI/AL+p5qgoAAAAABJRU5ErkJggg==';
/** The beginning of a PDF, in base64. */
export const PDF = 'JVBERi0xLjQKJcOkw7zDtsOfCjIgMCBvYmoKPDwvTGVuZ3RoIDMgMCBSPj4K';
export const WAV = 'UklGRiQAAABXQVZFZm10IBAAAAABAAEAQB8AAEAfAAABAAgAZGF0YQAAAAA=';

export class Words {
  /**
   * @param random the generator of the conversation
   * @param traits a set of names, see `traits.mjs`
   * @param callPrefix how the ids of tool calls begin, such as `toolu_`
   */
  constructor(random, traits, callPrefix) {
    this.random = random;
    this.traits = traits;
    this.callPrefix = callPrefix;
    this.callsOfTurn = 0;
    this.calls = 0;
  }

  /** Starts a turn of the user: agents that count their calls begin again at `call_0`. */
  startTurn() {
    this.callsOfTurn = 0;
  }

  /** Whether a trait of the conversation applies here. */
  applies(trait, probability = 0.35) {
    return this.traits.has(trait) && this.random.chance(probability);
  }

  sentence(most = 14) {
    const count = this.random.integer(1, this.random.chance(0.06) ? 220 : most);
    return Array.from({ length: count }, () => this.random.pick(WORDS)).join(' ');
  }

  /** A text that a person or a model wrote. */
  text() {
    if (this.applies('blank texts')) return this.random.pick(BLANK);
    if (this.applies('lone surrogates')) return this.sentence() + this.random.pick(LONE_SURROGATES);
    return this.sentence();
  }

  toolName() {
    return this.random.pick(this.applies('odd tool names', 0.5) ? ODD_TOOLS : TOOLS);
  }

  /** The id of a tool call; undefined for a call without an id. */
  callId() {
    const { random } = this;
    this.calls += 1;
    if (this.applies('calls without ids', 0.6)) return undefined;
    if (this.traits.has('reused ids')) return `call_${this.callsOfTurn++}`;
    if (this.traits.has('one id for all') && random.chance(0.7)) return 'call';
    if (this.applies('huge ids', 0.5)) return this.callPrefix + 'x'.repeat(random.pick([41, 65, 300, 2000]));
    if (this.applies('odd ids', 0.5))
      return random.pick(['call:1/ü', 'a b', '|', 'functions.f:0', '\u00e9', '']);
    return `${this.callPrefix}${this.hex(12)}${this.calls}`;
  }

  /** A call that a provider executes: its id, tool, input and output. */
  hostedTool(provider) {
    const id = this.hex(12);
    if (provider === 'google')
      return {
        toolCallId: id,
        toolName: 'code_execution',
        input: { language: 'PYTHON', code: 'print(1)' },
        output: { outcome: 'OUTCOME_OK', output: '1' },
      };
    const found = {
      url: 'https://example.com',
      title: 'T',
      pageAge: null,
      encryptedContent: 'x',
      type: 'web_search_result',
    };
    return {
      toolCallId: provider === 'openai' ? `ws_${id}` : `srvtoolu_${id}`,
      toolName: 'web_search',
      input: { query: 'price' },
      output: [found],
    };
  }

  hex(length) {
    return Array.from({ length }, () => this.random.integer(0, 15).toString(16)).join('');
  }

  input() {
    const { random } = this;
    const fields = {
      city: () => this.sentence(2),
      n: () => random.integer(0, 99),
      ok: () => true,
      list: () => [1],
    };
    if (random.chance(0.1)) return {};
    const names = Object.keys(fields).filter(() => random.chance(0.5));
    const input = Object.fromEntries(names.map((name) => [name, fields[name]()]));
    return this.applies('lone surrogates') ? { ...input, text: random.pick(LONE_SURROGATES) } : input;
  }

  /** Arguments as a model writes them: JSON, or not. */
  argumentsText(input) {
    if (this.applies('broken arguments', 0.5)) return this.random.pick(BROKEN_JSON);
    return this.random.chance(0.1) ? JSON.stringify(input, undefined, 1) : JSON.stringify(input);
  }
}
