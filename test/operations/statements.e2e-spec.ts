import { afterEach, beforeAll, afterAll, beforeEach, describe, expect, it } from '@jest/globals';
import { DatabaseClient } from '../../src/database/database-client.js';
import { DatabaseServers } from '../../src/database/database-servers.js';
import type { Statement } from '../../src/database/statement.js';
import { createTestDatabase, type TestDatabase } from '../support/test-database.js';

let database: TestDatabase;
let client: DatabaseClient;

beforeAll(async () => (database = await createTestDatabase({ migrated: false })));
afterAll(() => database.drop());
beforeEach(async () => {
  client = new DatabaseClient({ servers: new DatabaseServers(database.url) });
  await client.connect();
});
afterEach(() => client.destroy());

const select = (name: string, columns: string): Statement => ({ name, text: `SELECT ${columns}` });

describe('a named statement', () => {
  it('returns every text as it was sent, alone and in an array', async () => {
    const texts = [
      '',
      'NULL',
      ' a ',
      '{"a":"\\\\ \\"b\\" \\n"}',
      "{},',;",
      'é ß 漢字 😀',
      'x'.repeat(4096),
      '漢'.repeat(4096),
      '漢'.repeat(4097),
      '😀'.repeat(200_000),
    ];
    const echo = select('echo_texts', '$1::text AS one, to_json($2::text[]) AS list, $3::json AS json');
    for (const text of texts) {
      const [row] = await client.run<{ one: string; list: string[]; json: unknown }>(echo, [
        text,
        texts,
        '[1.0]',
      ]);
      expect(row).toEqual({ one: text, list: texts, json: [1] });
    }
  });

  it('sends numbers, times, booleans and null', async () => {
    const at = new Date('2026-11-27T12:34:56.789Z');
    const echo = select(
      'echo_values',
      '$1::bigint::text AS big, $2::integer AS int, $3::float8 AS float, $4::timestamptz AS at, $5::boolean AS bool, $6::text AS none',
    );
    const values = [Number.MAX_SAFE_INTEGER, -(2 ** 31), 0.1, at, true];
    const expected = {
      big: String(Number.MAX_SAFE_INTEGER),
      int: -(2 ** 31),
      float: 0.1,
      at,
      bool: true,
      none: null,
    };
    expect(await client.run(echo, [...values, null])).toEqual([expected]);
    expect(await client.run(echo, [...values, undefined])).toEqual([expected]);
  });

  it('sends arrays of numbers and of JSON with nulls, and empty arrays', async () => {
    const echo = select(
      'echo_arrays',
      'to_json($1::bigint[])::text AS big, to_json($2::integer[])::text AS int, to_json($3::json[])::text AS json',
    );
    const big = [0, -1, 2 ** 32, -(2 ** 32) - 1, Number.MAX_SAFE_INTEGER, Number.MIN_SAFE_INTEGER, null];
    const int = [0, -1, 2 ** 31 - 1, -(2 ** 31), undefined];
    const [row] = await client.run(echo, [big, int, ['{"b": 1.0}', null]]);
    expect(row).toEqual({
      big: JSON.stringify(big),
      int: JSON.stringify(int),
      json: '[{"b": 1.0},null]',
    });
    expect(await client.run(echo, [[], [], []])).toEqual([{ big: '[]', int: '[]', json: '[]' }]);
  });

  it('returns no rows for a statement without columns, and many rows in their order', async () => {
    expect(await client.run({ name: 'nothing', text: 'DO $$ BEGIN END $$' }, [])).toEqual([]);
    const rows = await client.run(select('many', 'generate_series(1, $1::integer) AS n'), [1000]);
    expect(rows).toEqual(Array.from({ length: 1000 }, (_, index) => ({ n: index + 1 })));
  });

  it('is prepared once per connection', async () => {
    const statement = select(
      'prepared',
      'count(*)::integer AS count FROM pg_prepared_statements WHERE name = $1',
    );
    for (let times = 0; times < 3; times += 1)
      expect(await client.run(statement, ['prepared'])).toEqual([{ count: 1 }]);
  });

  it('rejects values that its parameters cannot have, and can be used again', async () => {
    const echo = select(
      'picky',
      '$1::integer[] AS ints, $2::bigint[] AS bigs, $3::text[] AS texts, $4::integer AS one',
    );
    const reject = async (values: unknown[], error: string) =>
      expect(client.run(echo, values)).rejects.toThrow(error);
    await reject([[], [], []], 'picky has 4 parameters, not 3');
    await reject([[2 ** 31], [], [], 1], '2147483648 is not an integer of 32 bits');
    await reject([[0.5], [], [], 1], '0.5 is not an integer of 32 bits');
    await reject([[], [2 ** 53], [], 1], '9007199254740992 is not a safe integer');
    await reject([[], [0.5], [], 1], '0.5 is not a safe integer');
    await reject([[], [], [], 2 ** 31], 'out of range for type integer');
    await reject([[], [], ['\0'], 1], 'invalid byte sequence');
    await expect(client.run(select('bools', '$1::boolean[] AS list'), [[true]])).rejects.toThrow(
      'arrays of type 1000 cannot be sent',
    );
    expect(await client.run(echo, [[1], [2], ['3'], 4])).toEqual([
      { ints: [1], bigs: ['2'], texts: ['3'], one: 4 },
    ]);
  });

  it('that PostgreSQL cannot prepare is prepared again at its next use', async () => {
    const statement = select('late', 'n FROM late');
    await expect(client.run(statement, [])).rejects.toThrow('relation "late" does not exist');
    await database.query('CREATE TABLE late AS SELECT 1 AS n');
    expect(await client.run(statement, [])).toEqual([{ n: 1 }]);
  });

  it('is rejected when the connection ends, and after that', async () => {
    const sleep = select('sleep', 'pg_sleep($1::integer)');
    await client.run(sleep, [0]);
    const interrupted = expect(client.run(sleep, [60])).rejects.toThrow('Connection terminated');
    client.destroy();
    await interrupted;
    await expect(client.run(sleep, [0])).rejects.toThrow('not queryable');
  });
});
