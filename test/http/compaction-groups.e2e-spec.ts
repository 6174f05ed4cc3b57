import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { summary } from '../support/compacted-conversation.js';
import { expectError } from '../support/error-shape.js';
import { TestService } from '../support/test-service.js';

let service: TestService;
beforeAll(async () => (service = await TestService.start()));
afterAll(() => service.stop());

const say = (text: string) => ({ role: 'user', parts: [{ type: 'text', text }] });
const call = (...ids: string[]) => ({
  role: 'assistant',
  parts: ids.map((id) => ({ type: 'tool-call', toolCallId: id, toolName: 'ping', input: { host: id } })),
});
const result = (id: string) => ({
  role: 'tool',
  parts: [
    { type: 'tool-result', toolCallId: id, toolName: 'ping', output: { type: 'text', value: `${id} is up` } },
  ],
});
/** Seqs 1 to 6: the call is 2, its results are 3 and 5. */
const SERVERS = [say('check'), call('a', 'b'), result('a'), say('hurry'), result('b'), say('thanks')];

async function conversation(id: string, events: object[]): Promise<string> {
  await service.http.put(id, { token_budget: 1_000_000, policy: { strategy: 'budget' } });
  for (let start = 0; start < events.length; start += 100) {
    const response = await service.http.append(id, { events: events.slice(start, start + 100) });
    expect(response.status).toBe(201);
  }
  return id;
}

const compact = (id: string, from: number, to: number, extra: object = {}) =>
  service.http.compact(id, { from_seq: from, to_seq: to, replacement: [summary('so far')], ...extra });

const splitsGroup = (from: number, to: number) => ({ code: 'splits_group', from_seq: from, to_seq: to });

/** What the window has: `from-to` for a summary, otherwise `seq role`. */
async function windowOf(id: string): Promise<{ messages: string[]; repairs: object[]; segments: string[] }> {
  const { messages, repairs, segments } = (await service.http.window(id)).body;
  return {
    messages: messages.map((each: any) =>
      each.from_seq === undefined ? `${each.seq} ${each.role}` : `${each.from_seq}-${each.to_seq}`,
    ),
    repairs,
    segments: segments.map((each: any) => `${each.type} ${each.from_seq}-${each.to_seq}`),
  };
}

describe('a compaction whose range cuts through a group', () => {
  it('replaces this range and warns with the nearest larger range that does not', async () => {
    const id = await conversation('legal', SERVERS);
    const response = await compact(id, 1, 3);
    expect({ status: response.status, body: response.body }).toEqual({
      status: 200,
      body: { version: 7, from_seq: 1, to_seq: 3, warnings: [splitsGroup(1, 5)] },
    });
    expect((await windowOf(id)).segments).toEqual(['summary 1-3', 'live 4-6']);
  });

  it('leaves results without a call, which the window leaves out and lists', async () => {
    const id = await conversation('orphans', SERVERS);
    await compact(id, 1, 2);
    const { messages, repairs } = await windowOf(id);
    expect(messages).toEqual(['1-2', '4 user', '6 user']);
    expect(repairs).toEqual([
      expect.objectContaining({ code: 'result_without_call', seq: 3, call_id: 'a' }),
      expect.objectContaining({ code: 'result_without_call', seq: 5, call_id: 'b' }),
    ]);
  });

  it('leaves a call without results, which the window answers and lists', async () => {
    const id = await conversation('unanswered', SERVERS);
    expect((await compact(id, 5, 6)).body.warnings).toEqual([splitsGroup(2, 6)]);
    await service.http.append(id, { event: say('go on') });
    const { messages, repairs } = await windowOf(id);
    expect(messages).toEqual(['1 user', '2 assistant', '2 tool', '3 tool', '4 user', '5-6', '7 user']);
    expect(repairs).toEqual([expect.objectContaining({ code: 'call_without_result', seq: 2, call_id: 'b' })]);
  });

  it('replaces the larger range with snap', async () => {
    const id = await conversation('snap', SERVERS);
    expect((await compact(id, 1, 3, { snap: true })).body).toEqual({ version: 7, from_seq: 1, to_seq: 5 });
    expect(await windowOf(id)).toEqual({
      messages: ['1-5', '6 user'],
      repairs: [],
      segments: ['summary 1-5', 'live 6-6'],
    });
  });

  it('warns with the same range that snap replaces, and no longer about that range', async () => {
    const id = await conversation('same', SERVERS);
    const [warning] = (await compact(id, 4, 4)).body.warnings;
    expect(warning).toEqual(splitsGroup(2, 5));
    expect((await compact(id, warning.from_seq, warning.to_seq)).body).toEqual({
      version: 8,
      from_seq: 2,
      to_seq: 5,
    });
  });

  it('can be repeated with snap', async () => {
    const id = await conversation('again', SERVERS);
    await compact(id, 1, 3);
    expect((await compact(id, 1, 3)).body.warnings).toEqual([splitsGroup(1, 5)]);
    expect((await compact(id, 1, 3, { snap: true })).body).toEqual({ version: 9, from_seq: 1, to_seq: 5 });
    expect((await windowOf(id)).repairs).toEqual([]);
  });

  it.each([{ snap: false }, { snap: null }])('warns with %j', async (extra) => {
    const id = await conversation(JSON.stringify(extra), SERVERS);
    expect((await compact(id, 1, 3, extra)).body).toMatchObject({ to_seq: 3, warnings: [splitsGroup(1, 5)] });
  });

  it('is found in a log whose outlines are not stored', async () => {
    const id = await conversation('old', SERVERS);
    await service.database.query('UPDATE fastpaca.events SET outline = NULL WHERE conversation_id = $1', [
      id,
    ]);
    expect((await compact(id, 1, 3)).body.warnings).toEqual([splitsGroup(1, 5)]);
  });

  it('loses no result that the summary does not contain, and says which results the window leaves out', async () => {
    const hosts = Array.from({ length: 12 }, (_, index) => `c${index}`);
    const events = [say('Check all 12 servers'), call(...hosts), ...hosts.map(result)];
    const id = await conversation('twelve servers', events);
    // The handler means to keep the last ten messages.
    expect((await compact(id, 1, events.length - 10)).body).toEqual({
      version: 15,
      from_seq: 1,
      to_seq: 4,
      warnings: [splitsGroup(1, 14)],
    });
    expect((await windowOf(id)).repairs).toEqual(
      hosts.slice(2).map((host, index) => expect.objectContaining({ seq: 5 + index, call_id: host })),
    );
    const snapped = (await compact(id, 1, 4, { snap: true })).body;
    expect(snapped).toEqual({ version: 16, from_seq: 1, to_seq: 14 });
    expect(await windowOf(id)).toMatchObject({ messages: ['1-14'], repairs: [] });
  });
});

describe('a compaction whose range cuts through no group', () => {
  it.each([
    ['a whole group', 2, 5],
    ['events before a group', 1, 1],
    ['events after a group', 6, 6],
    ['the whole log', 1, 6],
  ])('has no warnings and stays as it is with snap: %s', async (name, from, to) => {
    const id = await conversation(`whole ${name}`, SERVERS);
    expect((await compact(id, from, to)).body).toEqual({ version: 7, from_seq: from, to_seq: to });
    expect((await compact(id, from, to, { snap: true })).body).toEqual({
      version: 8,
      from_seq: from,
      to_seq: to,
    });
  });

  it('may end with a call whose result is not recorded yet', async () => {
    const id = await conversation('open', [say('check'), call('a')]);
    expect((await compact(id, 1, 2, { snap: true })).body).toEqual({ version: 3, from_seq: 1, to_seq: 2 });
    await service.http.append(id, { events: [result('a'), say('and now?')] });
    expect(await windowOf(id)).toMatchObject({
      messages: ['1-2', '4 user'],
      repairs: [{ code: 'result_without_call', seq: 3, call_id: 'a' }],
    });
  });
});

describe('snap', () => {
  const reasoning = { role: 'assistant', parts: [{ type: 'reasoning', text: 'hm' }] };
  const openAiCall = {
    role: 'assistant',
    content: 'one moment',
    tool_calls: [{ id: 'x', type: 'function', function: { name: 'ping', arguments: '{}' } }],
  };
  const openAiResult = { role: 'tool', tool_call_id: 'x', content: 'up' };
  const anthropicCall = {
    role: 'assistant',
    parts: [{ type: 'tool_use', id: 'x', name: 'ping', input: {} }],
  };
  const anthropicResult = {
    role: 'user',
    parts: [{ type: 'tool_result', tool_use_id: 'x', content: 'up' }],
  };
  const responsesCall = {
    role: 'assistant',
    parts: [{ type: 'function_call', call_id: 'x', name: 'ping', arguments: '{}' }],
  };
  const responsesResult = {
    role: 'tool',
    parts: [{ type: 'function_call_output', call_id: 'x', output: 'up' }],
  };

  it.each([
    ['both ends', [say('a'), call('a'), result('a'), call('b'), result('b'), say('c')], [3, 4], [2, 5]],
    [
      'ids that repeat in later turns',
      [say('q'), call('call_0'), result('call_0'), say('q'), call('call_0'), result('call_0')],
      [2, 5],
      [2, 6],
    ],
    [
      'calls whose groups overlap',
      [call('a'), call('b'), result('a'), result('b'), say('x')],
      [1, 1],
      [1, 4],
    ],
    [
      'reasoning and the message that follows it',
      [say('q'), reasoning, call('a'), result('a')],
      [1, 2],
      [1, 4],
    ],
    ['reasoning before the range', [say('q'), reasoning, say('a'), say('b')], [3, 3], [2, 3]],
    ['OpenAI chat messages', [say('q'), openAiCall, openAiResult, say('b')], [1, 2], [1, 3]],
    ['Anthropic messages', [say('q'), anthropicCall, anthropicResult, say('b')], [3, 4], [2, 4]],
    ['OpenAI Responses items', [say('q'), responsesCall, responsesResult, say('b')], [1, 2], [1, 3]],
    [
      'a group of 256 events',
      [call('a'), ...Array.from({ length: 254 }, () => say('x')), result('a')],
      [256, 256],
      [1, 256],
    ],
    [
      'only the near part of a log, where a call and its result are more than 256 events apart',
      [call('a'), ...Array.from({ length: 299 }, () => say('x')), result('a')],
      [301, 301],
      [301, 301],
    ],
  ] as [string, object[], [number, number], [number, number]][])(
    'takes into account %s',
    async (name, events, [from, to], [fromSeq, toSeq]) => {
      const id = await conversation(`snap ${name}`, events);
      expect((await compact(id, from, to, { snap: true })).body).toEqual({
        version: events.length + 1,
        from_seq: fromSeq,
        to_seq: toSeq,
      });
    },
  );

  it('replaces the active compactions in the larger range', async () => {
    const id = await conversation('over', [
      say('q'),
      call('a'),
      say('x'),
      say('y'),
      result('a'),
      say('z'),
      say('end'),
    ]);
    await compact(id, 3, 4);
    await compact(id, 6, 6);
    expect((await compact(id, 5, 5)).body.warnings).toEqual([splitsGroup(2, 5)]);
    expect((await compact(id, 5, 5, { snap: true })).body).toMatchObject({ from_seq: 2, to_seq: 5 });
    expect(await windowOf(id)).toEqual({
      messages: ['1 user', '2-5', '6-6', '7 user'],
      repairs: [],
      segments: ['live 1-1', 'summary 2-5', 'summary 6-6', 'live 7-7'],
    });
  });

  it('widens again at a group that a compaction in the larger range had split', async () => {
    const id = await conversation('split before', [
      say('q'),
      call('a'),
      call('b'),
      say('x'),
      result('a'),
      say('y'),
      result('b'),
      say('z'),
    ]);
    await compact(id, 3, 4);
    expect((await compact(id, 5, 5, { snap: true })).body).toMatchObject({ from_seq: 2, to_seq: 7 });
    expect((await windowOf(id)).repairs).toEqual([]);
  });

  it('does not make a range legal that cuts through an active compaction or reaches outside the log', async () => {
    const id = await conversation('illegal', SERVERS);
    await compact(id, 2, 5);
    for (const [from, to, reason] of [
      [1, 3, 'range_overlap'],
      [5, 6, 'range_overlap'],
      [6, 7, 'range_gap'],
      [0, 6, 'range_gap'],
    ] as const) {
      const response = await compact(id, from, to, { snap: true });
      expectError(response, 400);
      expect(response.body.reason).toBe(reason);
    }
    expect((await service.http.get(id)).body.version).toBe(7);
  });

  it('is rejected with a stale if_version and after a tombstone, and then replaces nothing', async () => {
    const id = await conversation('guarded', SERVERS);
    const stale = await compact(id, 1, 3, { snap: true, if_version: 5 });
    expectError(stale, 409);
    expect(stale.body).toMatchObject({ reason: 'version_mismatch', expected: 5, actual: 6 });
    expect((await compact(id, 1, 3, { snap: true, if_version: 6 })).body).toMatchObject({
      version: 7,
      to_seq: 5,
    });
    await service.http.delete(id);
    expect((await compact(id, 1, 3, { snap: true })).body.reason).toBe('tombstoned');
    expect((await service.http.get(id)).body.version).toBe(7);
  });

  it('never splits a group of the log of its moment, and never covers what is appended meanwhile', async () => {
    const id = await conversation('busy', SERVERS);
    const replaced: { requestedTo: number; version: number; toSeq: number }[] = [];
    let isAppending = true;
    const appendTurns = async () => {
      for (let turn = 0; turn < 40; turn += 1)
        for (const event of [say(`turn ${turn}`), call('call_0'), result('call_0')])
          await service.http.append(id, { event });
      isAppending = false;
    };
    const compactAllButOne = async () => {
      while (isAppending) {
        const requestedTo = (await service.http.get(id)).body.last_seq - 1;
        const { status, body } = await compact(id, 1, requestedTo, { snap: true });
        if (status === 200) replaced.push({ requestedTo, version: body.version, toSeq: body.to_seq });
        else expect(body.reason).toBe('range_overlap');
      }
    };
    await Promise.all([appendTurns(), compactAllButOne(), compactAllButOne()]);
    const { events } = (await service.http.events(id, '?limit=1000')).body;
    for (const { version, toSeq } of replaced) {
      const lastSeq = version - replaced.filter((each) => each.version <= version).length;
      expect(toSeq).toBeLessThanOrEqual(lastSeq);
      // Only a call whose result was not recorded yet may be the end of a range.
      if (events[toSeq - 1].parts[0].type === 'tool-call') expect(toSeq).toBe(lastSeq);
    }
    expect(replaced.filter(({ requestedTo, toSeq }) => toSeq > requestedTo)).not.toEqual([]);
    expect(events).toHaveLength(SERVERS.length + 120);
  });
});
