import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createConversation, live, summary, timelineOf } from '../support/compacted-conversation.js';
import { expectConflict, expectError, violationPaths } from '../support/error-shape.js';
import { TestService } from '../support/test-service.js';

let service: TestService;
/** Another node on the same database. */
let other: TestService;
beforeAll(async () => {
  service = await TestService.start();
  other = await TestService.start({ database: service.database });
});
afterAll(async () => {
  await other.stop();
  await service.stop();
});

const compact = async (id: string, from_seq: number, to_seq: number, text: string) => {
  const { status, body } = await service.http.compact(id, { from_seq, to_seq, replacement: [summary(text)] });
  expect(status).toBe(200);
  return body.version as number;
};
const withdraw = async (id: string, from_seq: number, to_seq?: number) => {
  const { status, body } = await service.http.withdraw(id, { from_seq, to_seq });
  expect(status).toBe(200);
  return body.version as number;
};
const undo = async (id: string, version: number) => {
  const { status, body } = await service.http.undo(id, version);
  expect(status).toBe(200);
  return body.version as number;
};
const marks = async (id: string, query = '') => {
  const { body } = await other.http.events(id, query);
  return body.events
    .map(({ seq, withdrawn_at_version: at }: any) => (at ? `${seq}@${at}` : `${seq}`))
    .join(' ');
};

describe('POST /v1/conversations/:id/compactions/:version/undo', () => {
  it('brings the events of a compaction back, as a new version, on every node', async () => {
    await createConversation(service.http, 'plain', 5);
    const before = (await other.http.window('plain')).body;
    const version = await compact('plain', 2, 4, 'two to four');
    expect(await timelineOf(other.http, 'plain')).toEqual(['1:m1', '2-4:two to four', '5:m5']);
    const { status, body } = await service.http.undo('plain', version);
    expect([status, body]).toEqual([200, { version: 7 }]);
    const { body: after } = await other.http.window('plain');
    expect(after).toEqual({ ...before, version: 7 });
    expect((await other.http.get('plain')).body).toMatchObject({ version: 7, last_seq: 5 });
    expect((await service.http.say('plain', 'six')).body).toMatchObject({ seq: 6, version: 8 });
  });

  it('brings the compactions back that it had replaced, and only these', async () => {
    await createConversation(service.http, 'nested', 8);
    const a = await compact('nested', 1, 2, 'a');
    const b = await compact('nested', 3, 4, 'b');
    const b2 = await compact('nested', 3, 4, 'b2');
    const c = await compact('nested', 7, 7, 'c');
    const all = await compact('nested', 1, 5, 'all');
    expect(await timelineOf(service.http, 'nested')).toEqual(['1-5:all', '6:m6', '7-7:c', '8:m8']);
    await undo('nested', all);
    expect(await timelineOf(service.http, 'nested')).toEqual([
      '1-2:a',
      '3-4:b2',
      '5:m5',
      '6:m6',
      '7-7:c',
      '8:m8',
    ]);
    await undo('nested', b2);
    expect(await timelineOf(service.http, 'nested')).toEqual([
      '1-2:a',
      '3-4:b',
      '5:m5',
      '6:m6',
      '7-7:c',
      '8:m8',
    ]);
    for (const version of [a, b, c]) await undo('nested', version);
    expect(await timelineOf(service.http, 'nested')).toEqual(live(1, 8));
  });

  it('can be repeated for a compaction that was replaced and brought back several times', async () => {
    await createConversation(service.http, 'often', 3);
    const inner = await compact('often', 1, 2, 'inner');
    const windows = new Map<number, string[]>();
    for (const text of ['x', 'y', 'z']) {
      const outer = await compact('often', 1, 3, text);
      windows.set(outer, [`1-3:${text}`]);
      windows.set(await undo('often', outer), ['1-2:inner', '3:m3']);
    }
    windows.set(await undo('often', inner), live(1, 3));
    for (const [version, expected] of windows) {
      const { body } = await other.http.window('often', `?at_version=${version}`);
      const texts = body.messages.map(({ parts: [{ text }] }: any) => text);
      expect([version, texts]).toEqual([version, expected.map((each) => each.split(':')[1])]);
    }
  });

  it('takes the marks of a withdrawal away, from pages that are cached, too', async () => {
    await createConversation(service.http, 'marks', 4);
    expect(await marks('marks')).toBe('1 2 3 4');
    const first = await withdraw('marks', 3, 3);
    const second = await withdraw('marks', 2, 4);
    expect(await marks('marks')).toBe(`1 2@${second} 3@${first} 4@${second}`);
    const tag = (await other.http.events('marks')).headers.get('etag')!;
    await undo('marks', second);
    expect(await marks('marks')).toBe(`1 2 3@${first} 4`);
    expect(await marks('marks', '?withdrawn=exclude')).toBe('1 2 4');
    expect(await timelineOf(service.http, 'marks')).toEqual(['1:m1', '2:m2', '4:m4']);
    const { status } = await other.http.request('GET', other.http.path('marks', '/events'), {
      headers: { 'if-none-match': tag },
    });
    expect(status).toBe(200);
    await undo('marks', first);
    expect(await marks('marks')).toBe('1 2 3 4');
  });

  it('lets withdrawn events stay withdrawn if only the summary over them is undone', async () => {
    await createConversation(service.http, 'covered', 4);
    const withdrawal = await withdraw('covered', 2, 2);
    const summarized = await compact('covered', 1, 3, 'so far');
    expectConflict(await service.http.undo('covered', withdrawal), 'compaction_replaced');
    await undo('covered', summarized);
    expect(await marks('covered')).toBe(`1 2@${withdrawal} 3 4`);
    await undo('covered', withdrawal);
    expect(await timelineOf(service.http, 'covered')).toEqual(live(1, 4));
  });

  it('explains a window after it as if the withdrawal had not been', async () => {
    await createConversation(service.http, 'explained', 3);
    const before = (await service.http.window('explained', '?explain=true')).body.explain;
    await undo('explained', await withdraw('explained', 2, 2));
    expect((await service.http.window('explained', '?explain=true')).body.explain).toEqual(before);
  });

  it('rejects a compaction that was replaced or undone, and changes nothing', async () => {
    await createConversation(service.http, 'rejected', 3);
    const inner = await compact('rejected', 1, 1, 'inner');
    const outer = await compact('rejected', 1, 2, 'outer');
    const replaced = await service.http.undo('rejected', inner);
    expectConflict(replaced, 'compaction_replaced');
    expect(replaced.body.message).toBe(
      `Compaction ${inner} was replaced by compaction ${outer}; undo that one first`,
    );
    const undone = await undo('rejected', outer);
    const again = await service.http.undo('rejected', outer);
    expectConflict(again, 'compaction_undone');
    expect(again.body.message).toBe(`Compaction ${outer} was already undone at version ${undone}`);
    expect((await service.http.get('rejected')).body.version).toBe(undone);
  });

  it('lets one of several concurrent calls succeed', async () => {
    await createConversation(service.http, 'race', 3);
    const version = await compact('race', 1, 2, 'x');
    const nodes = [service, other, service, other, service];
    const statuses = await Promise.all(
      nodes.map(async ({ http }) => (await http.undo('race', version)).status),
    );
    expect(statuses.sort()).toEqual([200, 409, 409, 409, 409]);
    expect((await service.http.get('race')).body.version).toBe(version + 1);
  });

  it('checks if_version', async () => {
    await createConversation(service.http, 'guarded', 2);
    const version = await compact('guarded', 1, 1, 'x');
    const { status, body } = await service.http.undo('guarded', version, { if_version: 2 });
    expect([status, body.reason, body.expected, body.actual]).toEqual([409, 'version_mismatch', 2, 3]);
    expect((await service.http.undo('guarded', version, { if_version: 3 })).status).toBe(200);
  });

  it('is rejected for an unknown conversation or compaction, for an event, an undo, and a deleted conversation', async () => {
    expectError(await service.http.undo('absent', 1), 404);
    await createConversation(service.http, 'known', 2);
    const version = await compact('known', 1, 1, 'x');
    expectError(await service.http.undo('known', 1), 404);
    const undone = await undo('known', version);
    expectError(await service.http.undo('known', undone), 404);
    const kept = await compact('known', 1, 1, 'x');
    await service.http.delete('known');
    expectConflict(await service.http.undo('known', kept), 'tombstoned');
  });

  it.each([
    ['0', {}, ['version']],
    ['-1', {}, ['version']],
    ['x', {}, ['version']],
    ['1.5', {}, ['version']],
    ['99999999999999999999', {}, ['version']],
    ['1', { if_version: '3' }, ['if_version']],
    ['1', { if_version: -1 }, ['if_version']],
    ['1', { to: 3 }, ['to']],
    ['0', { if_version: 1.5 }, ['version', 'if_version']],
  ])('rejects the version %s with %j', async (version, body, paths) => {
    const response = await service.http.undo('known', version, body);
    expect(response.status).toBe(400);
    expect(violationPaths(response).sort()).toEqual(paths.sort());
  });
});

describe('GET /v1/conversations/:id/compactions', () => {
  it('lists active and past compactions with their messages, newest first', async () => {
    await createConversation(service.http, 'listed', 4);
    const first = await compact('listed', 1, 1, 'first');
    const second = await compact('listed', 1, 2, 'second');
    const third = await withdraw('listed', 4);
    const undone = await undo('listed', third);
    const { status, body } = await other.http.compactions('listed');
    expect(status).toBe(200);
    const common = { token_estimate: expect.any(Number), inserted_at: expect.stringMatching(/Z$/) };
    expect(body).toEqual({
      compactions: [
        {
          ...common,
          version: third,
          from_seq: 4,
          to_seq: 4,
          active: false,
          withdrawn: true,
          undone_at_version: undone,
          token_estimate: 0,
          replacement: [],
        },
        {
          ...common,
          version: second,
          from_seq: 1,
          to_seq: 2,
          active: true,
          replacement: [summary('second')],
        },
        {
          ...common,
          version: first,
          from_seq: 1,
          to_seq: 1,
          active: false,
          replaced_at_version: second,
          replacement: [summary('first')],
        },
      ],
      next_cursor: null,
    });
    await undo('listed', second);
    const [, , again] = (await service.http.compactions('listed')).body.compactions;
    expect(again).toMatchObject({ version: first, active: true });
    expect(again).not.toHaveProperty('replaced_at_version');
  });

  it('has pages', async () => {
    await createConversation(service.http, 'pages', 5);
    const versions: number[] = [];
    for (let seq = 1; seq <= 5; seq += 1) versions.unshift(await compact('pages', seq, seq, `m${seq}`));
    const found: number[][] = [];
    let cursor: number | null = null;
    do {
      const { body }: { body: any } = await service.http.compactions(
        'pages',
        `?limit=2${cursor ? `&cursor=${cursor}` : ''}`,
      );
      found.push(body.compactions.map(({ version }: any) => version));
      cursor = body.next_cursor;
    } while (cursor !== null);
    expect(found).toEqual([versions.slice(0, 2), versions.slice(2, 4), versions.slice(4)]);
    const { body } = await service.http.compactions('pages', '?limit=99999999999999999999&cursor=1');
    expect(body).toEqual({ compactions: [], next_cursor: null });
  });

  it('ends a page at 8 MiB, after at least one compaction', async () => {
    await createConversation(service.http, 'large', 3);
    const versions: number[] = [];
    for (const seq of [1, 2, 3]) versions.unshift(await compact('large', seq, seq, 'x'.repeat(5_000_000)));
    const { body } = await service.http.compactions('large');
    expect([body.compactions.length, body.next_cursor]).toEqual([1, versions[0]]);
  });

  it('works for a deleted conversation, and not for an unknown one', async () => {
    await createConversation(service.http, 'dead', 1);
    await service.http.delete('dead');
    expect((await service.http.compactions('dead')).body).toEqual({ compactions: [], next_cursor: null });
    expectError(await service.http.compactions('unknown'), 404);
  });

  it.each([
    ['cursor=0', ['cursor']],
    ['cursor=x', ['cursor']],
    ['limit=0', ['limit']],
    ['from_seq=1', ['from_seq']],
  ])('rejects %s', async (query, paths) => {
    const response = await service.http.compactions('known', `?${query}`);
    expect(response.status).toBe(400);
    expect(violationPaths(response)).toEqual(paths);
  });
});
