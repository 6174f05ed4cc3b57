import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createConversation, live, summary, timelineOf } from '../support/compacted-conversation.js';
import { expectError, violationPaths } from '../support/error-shape.js';
import { TestService } from '../support/test-service.js';
import { textEvent, WindowConversations } from '../support/window-conversations.js';

let service: TestService;
let windows: WindowConversations;
beforeAll(async () => {
  service = await TestService.start();
  windows = new WindowConversations(service, 'withdrawals');
});
afterAll(() => service.stop());

const withdraw = (id: string, from: number, to?: number, extra: object = {}) =>
  service.http.withdraw(id, { from_seq: from, to_seq: to, ...extra });

const compact = (id: string, from: number, to: number, text = 'so far') =>
  service.http.compact(id, { from_seq: from, to_seq: to, replacement: [summary(text)] });

const timeline = (id: string) => timelineOf(service.http, id);

/** The reason of each run of the log, as `from-to reason`. */
async function explanationOf(id: string): Promise<string[]> {
  const { body } = await service.http.window(id, '?explain=true');
  return body.explain.map(
    ({ from_seq: from, to_seq: to, reason, tokens }: any) => `${from}-${to} ${reason} ${tokens}`,
  );
}

describe('POST /v1/conversations/:id/withdraw', () => {
  it('returns the new version and the range, and takes the events out of the window', async () => {
    await createConversation(service.http, 'basic', 5);
    const response = await withdraw('basic', 2, 3);
    expect({ status: response.status, body: response.body }).toEqual({
      status: 200,
      body: { version: 6, from_seq: 2, to_seq: 3 },
    });
    const { body } = await service.http.window('basic');
    expect(await timeline('basic')).toEqual(['1:m1', '4:m4', '5:m5']);
    expect(body.segments).toEqual([
      { type: 'live', from_seq: 1, to_seq: 1 },
      { type: 'live', from_seq: 4, to_seq: 5 },
    ]);
    const perEvent = (await service.http.events('basic')).body.events[0].token_estimate;
    expect(body.used_tokens).toBe(3 * perEvent);
    expect((await service.http.get('basic')).body).toMatchObject({ version: 6, last_seq: 5 });
    await service.http.say('basic', 'm6');
    expect(await timeline('basic')).toEqual(['1:m1', '4:m4', '5:m5', '6:m6']);
  });

  it('withdraws up to the end of the log without to_seq', async () => {
    await createConversation(service.http, 'end', 5);
    expect((await withdraw('end', 4)).body).toEqual({ version: 6, from_seq: 4, to_seq: 5 });
    await service.http.say('end', 'm6');
    expect(await timeline('end')).toEqual([...live(1, 3), '6:m6']);
    expect((await withdraw('end', 1, undefined, { to_seq: null })).body).toMatchObject({ to_seq: 6 });
    expect((await service.http.window('end')).body).toMatchObject({
      messages: [],
      segments: [],
      used_tokens: 0,
      needs_compaction: false,
    });
    expect((await service.http.window('end')).body).not.toHaveProperty('overflow');
  });

  it('replaces the active compactions in its range', async () => {
    await createConversation(service.http, 'over', 8);
    await compact('over', 2, 3);
    await compact('over', 6, 7);
    expect((await withdraw('over', 2, 4)).status).toBe(200);
    expect(await timeline('over')).toEqual(['1:m1', '5:m5', '6-7:so far', '8:m8']);
  });

  it('accepts the same range again, and a larger one', async () => {
    await createConversation(service.http, 'again', 4);
    for (const [from, to] of [
      [2, 2],
      [2, 2],
      [2, 3],
    ] as const)
      expect((await withdraw('again', from, to)).status).toBe(200);
    expect(await timeline('again')).toEqual(['1:m1', '4:m4']);
    expect((await service.http.get('again')).body.version).toBe(7);
  });

  it('is what a compaction with an empty replacement does', async () => {
    await createConversation(service.http, 'empty', 4);
    const response = await service.http.compact('empty', { from_seq: 2, to_seq: 3, replacement: [] });
    expect(response.body).toEqual({ version: 5, from_seq: 2, to_seq: 3 });
    expect(await timeline('empty')).toEqual(['1:m1', '4:m4']);
    const { events } = (await service.http.events('empty')).body;
    expect(events.map((event: any) => event.withdrawn_at_version)).toEqual([undefined, 5, 5, undefined]);
  });

  it('counts tokens for no model, so that another model of the conversation does not matter', async () => {
    await createConversation(service.http, 'model', 2);
    await service.http.put('model', { model: 'gpt-4' });
    expect((await withdraw('model', 2)).status).toBe(200);
    expect(await timeline('model')).toEqual(['1:m1']);
  });

  it.each([
    ['starts at 0', 0, 3, 'from_seq'],
    ['starts after the log', 11, undefined, 'from_seq'],
    ['starts and ends after the log', 11, 12, 'to_seq'],
    ['ends after the log', 5, 11, 'to_seq'],
  ])('rejects with range_gap a range that %s', async (name, from, to, path) => {
    const id = `gap ${name}`;
    await createConversation(service.http, id, 10);
    const response = await withdraw(id, from, to);
    expectError(response, 400);
    expect(response.body.reason).toBe('range_gap');
    expect(violationPaths(response)).toEqual([path]);
    expect((await service.http.get(id)).body.version).toBe(10);
  });

  it('rejects with range_gap every range of an empty log', async () => {
    await createConversation(service.http, 'nothing', 0);
    for (const to of [undefined, 1]) expect((await withdraw('nothing', 1, to)).body.reason).toBe('range_gap');
  });

  it('rejects with range_overlap a range that cuts through a summary or a withdrawal', async () => {
    await createConversation(service.http, 'overlap', 8);
    await compact('overlap', 2, 3);
    await withdraw('overlap', 6, 7);
    for (const [from, to] of [
      [3, 4],
      [1, 2],
      [7, 8],
      [5, 6],
    ] as const) {
      expect((await withdraw('overlap', from, to)).body.reason).toBe('range_overlap');
      expect((await compact('overlap', from, to)).body.reason).toBe('range_overlap');
    }
    expect((await withdraw('overlap', 7)).body.reason).toBe('range_overlap');
  });

  it.each([
    ['a range that ends before it starts', { from_seq: 3, to_seq: 2 }, ['to_seq']],
    ['no from_seq', { from_seq: undefined }, ['from_seq']],
    ['seqs that are not integers', { from_seq: 1.5, to_seq: '2' }, ['from_seq', 'to_seq']],
    ['a negative if_version', { if_version: -1 }, ['if_version']],
    ['a replacement and snap', { replacement: [], snap: true }, ['replacement', 'snap']],
  ])('names the field when the body has %s', async (name, body, paths) => {
    const id = `bad ${name}`;
    await createConversation(service.http, id, 5);
    const response = await withdraw(id, 1, 3, body);
    expectError(response, 400);
    expect(violationPaths(response).toSorted()).toEqual(paths);
    expect((await service.http.get(id)).body.version).toBe(5);
  });

  it('rejects a stale if_version, a deleted and a missing conversation', async () => {
    await createConversation(service.http, 'guard', 3);
    const stale = await withdraw('guard', 1, 1, { if_version: 2 });
    expectError(stale, 409);
    expect(stale.body).toMatchObject({ reason: 'version_mismatch', expected: 2, actual: 3 });
    expect((await withdraw('guard', 1, 1, { if_version: 3 })).status).toBe(200);
    await service.http.delete('guard');
    expect((await withdraw('guard', 1)).body.reason).toBe('tombstoned');
    expectError(await withdraw('absent', 1), 404);
  });

  it('warns if the range cuts through a group, and the window repairs what is left', async () => {
    const call = { role: 'assistant', parts: [{ type: 'tool_call', id: 'a', name: 'find', input: {} }] };
    const result = { role: 'tool', parts: [{ type: 'tool_result', tool_call_id: 'a', output: 'x' }] };
    const id = await windows.create({}, [textEvent('user', 'find', 5), call, result]);
    expect((await withdraw(id, 2, 2)).body).toEqual({
      version: 4,
      from_seq: 2,
      to_seq: 2,
      warnings: [{ code: 'splits_group', from_seq: 2, to_seq: 3 }],
    });
    const { body } = await service.http.window(id);
    expect(body.messages.map(({ seq }: any) => seq)).toEqual([1]);
    expect(body.repairs).toEqual([expect.objectContaining({ code: 'result_without_call', seq: 3 })]);
    // The withdrawn call is in no group: a summary that covers it again is not widened to its result.
    const replacement = [summary('asked')];
    const body2 = { from_seq: 1, to_seq: 2, replacement, snap: true };
    expect((await service.http.compact(id, body2)).body).toEqual({ version: 5, from_seq: 1, to_seq: 2 });
  });
});

describe('a window with withdrawn events', () => {
  it('keeps them out when a later summary covers them', async () => {
    const pinned = { ...textEvent('user', 'secret', 5), pinned: true };
    const id = await windows.create({}, [textEvent('user', 'm1', 5), pinned, textEvent('user', 'm3', 5)]);
    await withdraw(id, 2, 2);
    expect(await timeline(id)).toEqual(['1:m1', '3:m3']);
    await compact(id, 1, 3);
    expect(await timeline(id)).toEqual(['1-3:so far']);
    expect(await explanationOf(id)).toEqual(['1-1 summarized 5', '2-2 withdrawn 5', '3-3 summarized 5']);
  });

  it('has none of the events at the beginning of the log that are pinned by their role', async () => {
    const head = [textEvent('system', 's1', 5), textEvent('developer', 's2', 5)];
    const id = await windows.create({ policy: { strategy: 'last_n', config: { limit: 1 } } }, [
      ...head,
      textEvent('user', 'm3', 5),
      textEvent('user', 'm4', 5),
    ]);
    expect(await windows.seqs(id)).toEqual([1, 2, 4]);
    await withdraw(id, 1, 1);
    expect(await windows.seqs(id)).toEqual([2, 4]);
    expect(await windows.seqs(id, '?at_version=4')).toEqual([1, 2, 4]);
    expect(await explanationOf(id)).toEqual([
      '1-1 withdrawn 5',
      '2-2 pinned 5',
      '3-3 policy 5',
      '4-4 null 5',
    ]);
    await windows.summarize(id, 2, 2);
    expect(await windows.seqs(id)).toEqual([2, 2, 4]);
  });

  it('lets withdrawn members leave the group of a pinned event', async () => {
    const call = { role: 'assistant', parts: [{ type: 'tool_call', id: 'a', name: 'find', input: {} }] };
    const result = { role: 'tool', parts: [{ type: 'tool_result', tool_call_id: 'a', output: 'x' }] };
    const events = [call, textEvent('user', 'hurry', 5), { ...result, pinned: true }];
    const id = await windows.create({ policy: { strategy: 'last_n', config: { limit: 1 } } }, [
      ...events,
      textEvent('user', 'm4', 5),
    ]);
    expect(await windows.seqs(id)).toEqual([1, 2, 3, 4]);
    await withdraw(id, 2, 2);
    expect(await windows.seqs(id)).toEqual([1, 3, 4]);
    await withdraw(id, 1, 1);
    expect(await windows.seqs(id)).toEqual([4]); // the result has no call
    await withdraw(id, 3, 3);
    expect((await service.http.window(id)).body).toMatchObject({ repairs: [], messages: [{ seq: 4 }] });
    // A withdrawn call of the same id does not take the result from the call before it.
    const repeated = await windows.create({ policy: { strategy: 'last_n', config: { limit: 1 } } }, [
      ...[call, call],
      ...events.slice(1),
      textEvent('user', 'm5', 5),
    ]);
    expect(await windows.seqs(repeated)).toEqual([2, 3, 4, 5]);
    await withdraw(repeated, 2, 2);
    expect(await windows.seqs(repeated)).toEqual([1, 3, 4, 5]);
  });

  it('counts withdrawn events for no limit of a policy, and for needs_compaction', async () => {
    const id = await windows.create(
      { token_budget: 100, trigger_ratio: 0.3, policy: { strategy: 'last_n', config: { limit: 3 } } },
      Array.from({ length: 5 }, (_, index) => textEvent('user', `m${index + 1}`, 11)),
    );
    expect((await service.http.window(id)).body.needs_compaction).toBe(true); // 33 of 30
    await withdraw(id, 4);
    expect(await windows.seqs(id)).toEqual([1, 2, 3]);
    await withdraw(id, 2, 2);
    const { body } = await service.http.window(id);
    expect(body.messages.map(({ seq }: any) => seq)).toEqual([1, 3]);
    expect(body).toMatchObject({ needs_compaction: false, used_tokens: 22 });
  });

  it('still counts withdrawn events as pinned, because an undo brings them back', async () => {
    const id = await windows.create({ token_budget: 1_000_000 });
    const pinned = (count: number) => ({
      events: Array.from({ length: count }, () => ({ ...textEvent('user', 'p', 1), pinned: true })),
    });
    for (const count of [100, 100, 56])
      expect((await service.http.append(id, pinned(count))).status).toBe(201);
    await withdraw(id, 1);
    expectError(await service.http.append(id, pinned(1)), 400);
  });

  it('says of a withdrawn range that it is withdrawn, and nothing else', async () => {
    const id = await windows.create(
      {},
      Array.from({ length: 6 }, (_, n) => textEvent('user', `m${n}`, 5)),
    );
    await windows.summarize(id, 1, 2, 7);
    await withdraw(id, 4, 5);
    expect(await explanationOf(id)).toEqual([
      '1-2 summarized 10',
      '3-3 null 5',
      '4-5 withdrawn 10',
      '6-6 null 5',
    ]);
    const { prefix } = (await service.http.window(id, '?explain=true')).body;
    expect(prefix).toMatchObject({ compaction_version: 8, changed_by: 'compaction' });
  });

  it('names a summary that does not fit, and not a withdrawal, as the reason why it is empty', async () => {
    const id = await windows.create(
      { token_budget: 20 },
      Array.from({ length: 4 }, (_, n) => textEvent('user', `m${n}`, 5)),
    );
    await windows.summarize(id, 1, 2, 30);
    await withdraw(id, 3);
    expect((await service.http.window(id)).body).toMatchObject({
      messages: [],
      overflow: { seq: 2, tokens: 30 },
    });
  });

  it('is previewed with an empty replacement', async () => {
    const id = await windows.create({}, [
      textEvent('user', 'm1', 5),
      { ...textEvent('user', 'm2', 5), pinned: true },
      textEvent('user', 'm3', 5),
    ]);
    const preview = (from: number, to: number) =>
      service.http.request('POST', service.http.path(id, '/window/preview?explain=true'), {
        body: { compaction: { from_seq: from, to_seq: to, replacement: [] } },
      });
    const { body } = await preview(2, 3);
    expect(body).toMatchObject({ version: 3, used_tokens: 5, messages: [{ seq: 1 }] });
    expect(body.explain).toMatchObject([{ to_seq: 1 }, { from_seq: 2, to_seq: 3, reason: 'withdrawn' }]);
    expect(await windows.seqs(id)).toEqual([1, 2, 3]);
    // Other ranges of the same preview are other prefixes.
    const hash = async (from: number, to: number) => (await preview(from, to)).body.prefix.hash;
    expect(new Set([await hash(2, 2), await hash(3, 3), await hash(2, 3)]).size).toBe(3);
  });

  it('has the prefix of the window before up to the first withdrawn event', async () => {
    const id = await windows.create(
      {},
      Array.from({ length: 4 }, (_, n) => textEvent('user', `m${n}`, 5)),
    );
    const hashOf = async (query = '') => (await service.http.window(id, query)).body.prefix.hash;
    const before = await hashOf();
    await withdraw(id, 3);
    const after = await hashOf();
    expect(after).not.toBe(before);
    await service.http.say(id, 'again');
    expect(await hashOf()).toBe(after);
    expect(await hashOf('?at_version=4')).toBe(before);
  });

  it('is as it was at the version before, and at each later one', async () => {
    await createConversation(service.http, 'past', 4);
    await withdraw('past', 2, 3); // 5
    await service.http.say('past', 'm5'); // 6
    await withdraw('past', 1, 4); // 7
    const seqsAt = async (version: number) =>
      (await service.http.window('past', `?at_version=${version}`)).body.messages.map(({ seq }: any) => seq);
    expect(await Promise.all([4, 5, 6, 7].map(seqsAt))).toEqual([[1, 2, 3, 4], [1, 4], [1, 4, 5], [5]]);
  });
});
