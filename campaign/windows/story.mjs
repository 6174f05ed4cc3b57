// A random conversation, independent of the dialect it is written in: a list of acts.
//
// { act: 'system', role, text }
// { act: 'user', content, results? }   content: [{ text } | { media } | { unknown: true }]; results: tool results in the same message
// { act: 'answer', content }           content: [{ reasoning } | { text } | { refusal } | { media } | { call } | { unknown: true }]
// { act: 'results', results }
//
// A call: { id, name, input, arguments, flavor, hosted?, approval? }, a result: { call, id, output, isError }, where `id` is what
// the result says, and `output` is { text }, { json } or { content: [{ text } | { media }] }. A hosted call holds its result.

/**
 * @param random the generator
 * @param words the texts of the conversation
 * @param flavors the kinds of tool calls that the dialect knows, with their relative frequencies
 */
export function randomStory(random, words, flavors) {
  return new StoryWriter(random, words, flavors).write();
}

class StoryWriter {
  constructor(random, words, flavors) {
    Object.assign(this, { random, words, flavors, traits: words.traits, acts: [] });
  }

  write() {
    const { random, traits } = this;
    if (random.chance(0.35) || traits.has('only system messages')) this.system();
    if (traits.has('only system messages')) {
      if (random.chance(0.5)) this.system();
      return this.acts;
    }
    if (traits.has('begins with the model')) this.answerTurn();
    const turns = random.chance(0.15) ? random.integer(7, 14) : random.integer(1, 6);
    for (let turn = 0; turn < turns; turn += 1) {
      this.userTurn();
      this.answerTurn();
    }
    this.end();
    return this.acts;
  }

  system() {
    const role = this.random.chance(0.8) ? 'system' : 'developer';
    this.acts.push({ act: 'system', role, text: this.words.text() });
  }

  userTurn() {
    const { words } = this;
    words.startTurn();
    if (words.applies('system messages in the middle', 0.3)) this.system();
    this.acts.push({ act: 'user', content: this.userContent() });
    if (words.applies('several messages of one role'))
      this.acts.push({ act: 'user', content: this.userContent() });
    if (words.applies('system messages in the middle', 0.2)) this.system();
  }

  userContent() {
    const { random, words } = this;
    if (words.applies('empty messages', 0.2)) return [];
    const content = [{ text: words.text() }];
    if (words.applies('media', 0.4)) content.push({ media: this.media() });
    if (words.applies('media', 0.1)) content.shift();
    if (words.applies('unknown parts', 0.3)) content.push({ unknown: true });
    if (random.chance(0.05)) content.push({ text: words.text() });
    return content;
  }

  media() {
    const { random, words } = this;
    const kind = random.weighted({ image: 6, pdf: 2, audio: 1, text: 1, video: 0.3 });
    const form = random.weighted({ base64: 6, url: 3, id: words.traits.has('odd media') ? 3 : 0.3 });
    return { kind, form, isOdd: words.applies('odd media', 0.5) };
  }

  /** Steps of the model, each with the results of its tools, and mostly a last answer. */
  answerTurn() {
    const { random, words } = this;
    const steps = random.weighted({ 0: 4, 1: 4, 2: 2, 3: 1, 5: 0.3 });
    for (let step = 0; step < Number(steps); step += 1) this.step();
    if (random.chance(0.92)) this.acts.push({ act: 'answer', content: this.lastWords() });
    if (words.applies('several messages of one role', 0.3))
      this.acts.push({ act: 'answer', content: [{ text: words.text() }] });
  }

  lastWords() {
    const { random, words } = this;
    if (words.applies('empty messages', 0.2)) return [];
    const content = [...this.reasoning(), { text: words.text() }];
    if (random.chance(0.02)) content.splice(-1, 1, { refusal: words.sentence() });
    if (words.applies('hosted tools', 0.4)) content.unshift({ call: this.hostedCall() });
    if (words.applies('media', 0.1)) content.push({ media: { kind: 'image', form: 'base64' } });
    if (words.applies('unknown parts', 0.2)) content.push({ unknown: true });
    return content;
  }

  reasoning() {
    const { random, words } = this;
    if (!words.applies('reasoning', 0.7)) return [];
    const kind = random.weighted({ plain: 3, signed: 5, hidden: 2 });
    return [{ reasoning: { kind, text: words.sentence(), signature: words.hex(24), id: words.hex(8) } }];
  }

  step() {
    const { random, words } = this;
    const calls = Array.from({ length: Number(random.weighted({ 1: 6, 2: 3, 3: 1 })) }, () => this.call());
    const content = [...this.reasoning()];
    if (random.chance(0.4)) content.push({ text: words.text() });
    content.push(...calls.map((call) => ({ call })));
    if (words.applies('hosted tools', 0.2)) content.push({ call: this.hostedCall() });
    if (random.chance(0.03)) content.push({ text: words.text() }); // text after the calls
    if (words.applies('results before their call', 0.3)) this.results(calls);
    if (words.applies('interleaved calls', 0.5) && calls.length > 1) this.interleave(content, calls);
    else this.acts.push({ act: 'answer', content });
    if (words.applies('messages between call and result', 0.4)) this.between();
    this.results(calls);
  }

  call() {
    const { random, words } = this;
    const input = words.input();
    const approval = words.applies('approvals', 0.5)
      ? random.weighted({ asked: 1, granted: 2, denied: 1 })
      : undefined;
    return {
      id: words.callId(),
      name: words.toolName(),
      input,
      arguments: words.argumentsText(input),
      flavor: random.weighted(this.flavors),
      approval,
    };
  }

  /** A call that the provider executes. Its result is in the same message, comes later, or not at all. */
  hostedCall() {
    const { words } = this;
    const call = { ...this.call(), hosted: true, approval: undefined };
    if (!words.applies('unfinished hosted tools', 0.6)) call.result = this.resultOf(call);
    return call;
  }

  /** Two answers with a call each before the first result. */
  interleave(content, calls) {
    const last = { call: calls.at(-1) };
    this.acts.push({ act: 'answer', content: content.filter(({ call }) => call !== last.call) });
    if (this.random.chance(0.4)) {
      const first = calls.shift();
      this.acts.push({ act: 'results', results: [this.resultOf(first)] });
    }
    this.acts.push({ act: 'answer', content: [last] });
  }

  /** Something between a call and its result, such as a message that the user typed meanwhile. */
  between() {
    const { random, words } = this;
    if (random.chance(0.4)) this.system();
    else if (random.chance(0.7)) this.acts.push({ act: 'user', content: [{ text: words.text() }] });
    else this.acts.push({ act: 'answer', content: [{ text: words.text() }] });
  }

  results(calls) {
    const { random, words } = this;
    let results = calls.flatMap((call) => this.resultsOf(call));
    if (words.applies('orphan results', 0.3))
      results.push(this.resultOf({ ...this.call(), id: `gone_${words.hex(4)}` }));
    if (words.applies('results out of order', 0.7)) results = shuffled(results, random);
    if (results.length === 0) return;
    if (words.applies('results after the next user message', 0.4)) {
      words.startTurn();
      this.acts.push({ act: 'user', content: [{ text: words.text() }] });
    }
    if (words.applies('messages between call and result', 0.2) && results.length > 1) {
      this.acts.push({ act: 'results', results: results.splice(0, 1) });
      this.between();
    }
    if (words.applies('results and text in one message', 0.6))
      this.acts.push({ act: 'user', content: [{ text: words.text() }], results });
    else this.acts.push({ act: 'results', results });
  }

  resultsOf(call) {
    const { words } = this;
    if (call.approval === 'asked') return [];
    if (words.applies('unanswered calls', 0.35)) return [];
    const result = this.resultOf(call);
    return words.applies('duplicate results', 0.3) ? [result, this.resultOf(call)] : [result];
  }

  resultOf(call) {
    const { words } = this;
    const isError = words.applies('failed tools', 0.4) || call.approval === 'denied';
    const id = words.applies('results without ids', 0.5) ? undefined : call.id;
    return { call, id, output: this.output(), isError };
  }

  output() {
    const { random, words } = this;
    if (words.applies('blank texts', 0.3)) return { text: '' };
    if (words.applies('images in results', 0.4)) {
      const media = {
        kind: random.chance(0.8) ? 'image' : 'pdf',
        form: random.chance(0.8) ? 'base64' : 'url',
      };
      return { content: random.chance(0.7) ? [{ text: words.text() }, { media }] : [{ media }] };
    }
    const kind = random.weighted({ text: 6, json: 3, content: 1, long: 0.6 });
    if (kind === 'json')
      return { json: random.pick([{ t: 20, ok: true }, [1, 2], null, { text: words.text() }]) };
    if (kind === 'content') return { content: [{ text: words.text() }, { text: words.text() }] };
    return { text: kind === 'long' ? `${words.sentence(30)}\n`.repeat(8) : words.text() };
  }

  /** What a window is read for: mostly an answer to the user, or to tool results. */
  end() {
    const { random, traits, acts } = this;
    if (traits.has('open calls at the end')) {
      this.userTurn();
      acts.push({
        act: 'answer',
        content: [{ call: this.call() }, ...(random.chance(0.4) ? [{ call: this.call() }] : [])],
      });
      return;
    }
    const end = random.weighted({ user: 6, results: 3, answer: 1 });
    if (end === 'answer') return;
    this.userTurn();
    if (end === 'results') this.step();
  }
}

/** A copy of a list in random order. */
export function shuffled(list, random) {
  return list
    .map((value) => ({ value, key: random.next() }))
    .sort((one, other) => one.key - other.key)
    .map(({ value }) => value);
}
