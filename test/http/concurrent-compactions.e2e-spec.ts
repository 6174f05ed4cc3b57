import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createConversation, summary, timelineOf } from '../support/compacted-conversation.js';
import { expectError } from '../support/error-shape.js';
import { TestService } from '../support/test-service.js';

const SUMMARY = summary('so far');

let service: TestService;
beforeAll(async () => (service = await TestService.start()));
afterAll(() => service.stop());

const compact = (id: string, from: number, to: number, extra: object = {}) =>
  service.http.compact(id, { from_seq: from, to_seq: to, replacement: [SUMMARY], ...extra });

describe('concurrent compactions', () => {
  it('have the effect of some serial order when they overlap', async () => {
    const other = await TestService.start({ database: service.database });
    try {
      for (let round = 0; round < 8; round += 1) {
        const id = `race-${round}`;
        await createConversation(service.http, id, 20);
        const ranges = Array.from({ length: 10 }, (_, index) => {
          const from = 1 + ((index * 7 + round * 3) % 15);
          return { from, to: Math.min(20, from + ((index + round) % 6)) };
        });
        const responses = await Promise.all(
          ranges.map(({ from, to }, index) =>
            [service, other][index % 2]!.http.compact(id, {
              from_seq: from,
              to_seq: to,
              replacement: [summary(`c${index}`)],
            }),
          ),
        );
        const succeeded = responses
          .map((response, index) => ({ response, ...ranges[index]!, text: `c${index}` }))
          .filter(({ response }) => response.status === 200)
          .sort((a, b) => a.response.body.version - b.response.body.version);
        for (const response of responses.filter(({ status }) => status !== 200)) {
          expectError(response, 400);
          expect(response.body.reason).toBe('range_overlap');
        }
        // Successful compactions have consecutive versions.
        expect(succeeded.map(({ response }) => response.body.version)).toEqual(
          succeeded.map((_, index) => 21 + index),
        );
        expect((await service.http.get(id)).body).toMatchObject({
          version: 20 + succeeded.length,
          last_seq: 20,
        });
        // Applied in version order, each compaction is legal, and the result equals the window.
        let active: { from: number; to: number; text: string }[] = [];
        for (const { from, to, text } of succeeded) {
          const overlapped = active.filter((each) => each.from <= to && each.to >= from);
          expect(overlapped.filter((each) => each.from < from || each.to > to)).toEqual([]);
          active = [...active.filter((each) => !overlapped.includes(each)), { from, to, text }];
        }
        active.sort((a, b) => a.from - b.from);
        const summaries = (await timelineOf(service.http, id)).filter((line) => line.includes('-'));
        expect(summaries).toEqual(active.map(({ from, to, text }) => `${from}-${to}:${text}`));
      }
    } finally {
      await other.stop();
    }
  });

  it('all succeed on the same range, and the one with the highest version is active', async () => {
    await createConversation(service.http, 'same', 5);
    const responses = await Promise.all(
      Array.from({ length: 10 }, (_, index) =>
        compact('same', 2, 4, { replacement: [summary(`c${index}`)] }),
      ),
    );
    expect(responses.map(({ status }) => status)).toEqual(Array.from({ length: 10 }, () => 200));
    const last = responses.findIndex(({ body }) => body.version === 15);
    expect(await timelineOf(service.http, 'same')).toEqual(['1:m1', `2-4:c${last}`, '5:m5']);
  });

  it('succeed only once with the same if_version, and the others get 409', async () => {
    await createConversation(service.http, 'guarded', 5);
    const responses = await Promise.all(
      Array.from({ length: 10 }, (_, index) => compact('guarded', 1 + (index % 3), 4, { if_version: 5 })),
    );
    expect(responses.map(({ status }) => status).sort()).toEqual([
      200,
      ...Array.from({ length: 9 }, () => 409),
    ]);
    for (const { body } of responses.filter(({ status }) => status === 409)) {
      expect(body).toMatchObject({ reason: 'version_mismatch', expected: 5, actual: 6 });
    }
    expect((await service.http.get('guarded')).body.version).toBe(6);
  });
});
