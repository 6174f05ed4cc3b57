import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { anyEvent, anyObject, compact, SERVER_FIELDS, spaced, type AnyEvent } from '../support/any-event.js';
import { expectError } from '../support/error-shape.js';
import { jsonField, jsonFields, jsonItems, type JsonField } from '../support/json-fields.js';
import { TestService } from '../support/test-service.js';

/** Fields that the service adds to the messages of a summary. */
const SUMMARY_FIELDS = ['seq', 'from_seq', 'to_seq', 'inserted_at'];
/** Maximum nesting depth of a body. */
const MAX_DEPTH = 200;

let service: TestService;
beforeAll(async () => (service = await TestService.start()));
afterAll(() => service.stop());

let conversations = 0;

/** Creates a conversation whose window contains every event. */
async function newConversation(): Promise<string> {
  const id = `verbatim-${(conversations += 1)}`;
  await service.http.put(id, {
    token_budget: 1_000_000,
    policy: { strategy: 'budget', config: { pin_head: false } },
  });
  return id;
}

/** Returns the JSON texts of the items of an array field of a response. */
const itemsOf = (text: string, field: string) => jsonItems(jsonField(text, field)!);

/** Whether a window returns the event as it is stored: it has no lone surrogate, which a window replaces. */
function isUnrepaired(text: string): boolean {
  const { metadata: _, ...message } = JSON.parse(text) as Record<string, unknown>;
  return JSON.stringify(message) === JSON.stringify(message).replace(/\\ud[89a-f]/g, '');
}

const without = (fields: readonly JsonField[], names: readonly string[]) =>
  fields.filter(({ key }) => !names.includes(key));

describe('an event', () => {
  it('keeps its key order and spelling in the log, in the window and as a replacement', async () => {
    let count = 0;
    await fc.assert(
      fc.asyncProperty(
        fc.array(anyEvent, { minLength: 9, maxLength: 12 }),
        fc.nat(),
        async (events, variant) => {
          const id = await newConversation();
          const turn = (spelling: number) =>
            `{"idempotency_key":"k","events":[${events.map((event) => event.text(spelling)).join(' ,')}]}`;
          const sent = await service.http.append(id, turn(variant));
          expect({ status: sent.status, details: sent.body.details }).toEqual({ status: 201 });
          const repeated = await service.http.append(id, turn(variant + 3));
          expect(repeated.body).toEqual({ ...sent.body, deduped: true });
          count += events.length;

          const log = itemsOf((await service.http.events(id)).text, 'events').map(jsonFields);
          expect(log.map((fields) => without(fields, SERVER_FIELDS))).toEqual(
            events.map(({ fields }) => fields),
          );
          for (const [index, fields] of log.entries()) {
            const serverFields = fields.filter(({ key }) => SERVER_FIELDS.includes(key));
            expect(serverFields.map(({ key }) => key).sort()).toEqual([...SERVER_FIELDS].sort());
            const { seq, version, token_estimate: tokens } = sent.body.events[index];
            expect(serverFields).toEqual(
              expect.arrayContaining([
                { key: 'seq', value: String(seq) },
                { key: 'version', value: String(version) },
                { key: 'token_estimate', value: String(tokens) },
              ]),
            );
          }

          const isExpected = events.map((event) => isUnrepaired(event.text(0)));
          const expected = events.map(({ fields }) => fields).filter((_, index) => isExpected[index]);
          const live = itemsOf((await service.http.window(id)).text, 'messages').map(jsonFields);
          expect(live).toHaveLength(events.length);
          const liveFields = live.map((fields) => without(fields, ['seq', 'inserted_at']));
          expect(liveFields.filter((_, index) => isExpected[index])).toEqual(expected);

          const replacement = `[${events.map((event) => event.text(variant + 1)).join('\n,')}]`;
          const compaction = await service.http.compact(
            id,
            `{"from_seq":1,"to_seq":${events.length},"replacement":${replacement}}`,
          );
          expect(compaction.status).toBe(200);
          const summary = itemsOf((await service.http.window(id)).text, 'messages').map(jsonFields);
          const summaryFields = summary.map((fields) => without(fields, SUMMARY_FIELDS));
          expect(summaryFields.filter((_, index) => isExpected[index])).toEqual(expected);
        },
      ),
      { numRuns: 35 },
    );
    expect(count).toBeGreaterThanOrEqual(300);
  });

  it('keeps its key order and spelling when it is appended alone', async () => {
    const id = await newConversation();
    const sent: AnyEvent[] = [];
    await fc.assert(
      fc.asyncProperty(anyEvent, fc.nat(), async (event, variant) => {
        const response = await service.http.append(id, `{ "event" :${event.text(variant)}}`);
        expect(response.status).toBe(201);
        sent.push(event);
        const [text] = itemsOf((await service.http.events(id, '?from_seq=-1')).text, 'events');
        expect(without(jsonFields(text!), SERVER_FIELDS)).toEqual(event.fields);
      }),
      { numRuns: 35 },
    );
    const { text } = await service.http.events(id, '?from_seq=1');
    expect(itemsOf(text, 'events').map((each) => without(jsonFields(each), SERVER_FIELDS))).toEqual(
      sent.map(({ fields }) => fields),
    );
  });

  it.each([
    ['integer-like keys out of order', '{"b":1,"10":2,"9":3,"a":4,"1":5}'],
    ['duplicate keys', '{"a":1,"b":2,"a":3,"\\u0061":4}'],
    ['__proto__', '{"__proto__":{"polluted":1},"a":{"__proto__":null},"constructor":{"prototype":1}}'],
    [
      'numbers in unusual spelling',
      '[1.0,-0,0.10,1E+2,1e-0,12345678901234567890,0.1234567890123456789,1e999,-1e-999]',
    ],
    ['strings in unusual spelling', '["\\/","\\u0041","\\u00E9","é","\\ud83d\\ude00","😀"]'],
    ['lone surrogates and null characters', '["\\ud800","\\udfff\\ud800","\\u0000","a\\u0000b"]'],
    [
      'characters that are special in other formats',
      '["\u2028","\u2029","\ufeff","\u007f","</script>","\\u0008","\uffff"]',
    ],
    ['empty values', '[{},[],"",{"":""},[[]],null]'],
    ['a long number', `[${'9'.repeat(5000)},0.${'0'.repeat(5000)}1]`],
    ['a long key', `{"${'k'.repeat(100_000)}":1}`],
    ['a long list', `[${Array.from({ length: 50_000 }, (_, index) => index).join(',')}]`],
  ])('keeps %s in every position', async (_, value) => {
    const id = await newConversation();
    const fields = `"x":${value},"role":"user","parts":[{"x":${value},"type":"any","y":${value}}],"metadata":{"x":${value}}`;
    expect((await service.http.append(id, `{"event":{${fields}}}`)).status).toBe(201);
    const [text] = itemsOf((await service.http.events(id)).text, 'events');
    expect(without(jsonFields(text!), SERVER_FIELDS)).toEqual(jsonFields(`{${fields}}`));
    const [message] = itemsOf((await service.http.window(id)).text, 'messages');
    const keys = isUnrepaired(`{${fields}}`) ? ['x', 'parts', 'metadata'] : ['metadata'];
    for (const key of keys) expect(jsonField(message!, key)).toBe(jsonField(`{${fields}}`, key));
  });

  it('is accepted at the maximum nesting depth and rejected one level deeper', async () => {
    const id = await newConversation();
    // The body, the event, its parts and the part are four levels.
    const nested = (levels: number) => '{"a":['.repeat(levels / 2) + ']}'.repeat(levels / 2);
    const body = (inner: string) => `{"event":{"role":"user","parts":[{"type":"deep","x":${inner}}]}}`;
    expect((await service.http.append(id, body(nested(MAX_DEPTH - 4)))).status).toBe(201);
    expectError(await service.http.append(id, body(`[${nested(MAX_DEPTH - 4)}]`)), 400);
    const { text } = await service.http.events(id);
    const [part] = jsonItems(jsonField(itemsOf(text, 'events')[0]!, 'parts')!);
    expect(jsonField(part!, 'x')).toBe(nested(MAX_DEPTH - 4));
    expect(itemsOf((await service.http.window(id)).text, 'messages')).toHaveLength(1);
  });
});

describe('the metadata of a conversation', () => {
  it('keeps its key order and spelling', async () => {
    await fc.assert(
      fc.asyncProperty(anyObject, fc.nat(), async (metadata, variant) => {
        const id = `metadata-${(conversations += 1)}`;
        const put = await service.http.put(id, `{"token_budget":1,"metadata":${spaced(metadata, variant)}}`);
        expect(put.status).toBe(201);
        expect(jsonField(put.text, 'metadata')).toBe(compact(metadata));
        expect(jsonField((await service.http.get(id)).text, 'metadata')).toBe(compact(metadata));
      }),
      { numRuns: 50 },
    );
  });
});
