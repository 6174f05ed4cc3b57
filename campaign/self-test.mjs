// `npm run campaign -- --self-test`: proves that the checker sees. Clients write for a moment; then the database is
// damaged by SQL, in ways in which a broken service could have damaged it, and each time the checker must complain. With
// DATABASE_URL it uses that database, which must be empty, otherwise the service's own.
import { Checker } from './checker.mjs';
import { EmbeddedDatabase, queryOnce } from './embedded-database.mjs';
import { FailoverStage } from './failover-stage.mjs';
import { Load } from './load.mjs';
import { hasPrograms } from './postgres-pair.mjs';
import { ServiceNode } from './service-node.mjs';
import { Verdict } from './verdict.mjs';
import { until } from './waiting.mjs';

/** Events that a conversation needs to be damaged. */
const EVENTS = 4;

/** Each damages one conversation `$1` and leaves everything else as a service would. */
const DAMAGES = {
  'an acknowledged event is deleted': `
    DELETE FROM fastpaca.events WHERE conversation_id = $1 AND seq = 2`,
  'an acknowledged event is there twice': `
    WITH head AS (
      UPDATE fastpaca.conversations
         SET last_seq = last_seq + 1, version = version + 1,
             tokens_total = tokens_total + (SELECT token_estimate FROM fastpaca.events WHERE conversation_id = $1 AND seq = 1)
       WHERE id = $1 RETURNING last_seq, version, tokens_total
    )
    INSERT INTO fastpaca.events (namespace, conversation_id, seq, version, body, token_estimate, tokens_total, inserted_at)
    SELECT namespace, conversation_id, head.last_seq, head.version, body, token_estimate, head.tokens_total, now()
      FROM fastpaca.events, head WHERE conversation_id = $1 AND seq = 1`,
  'the last event is lost, as after the promotion of a standby that was not synchronous': `
    WITH lost AS (
      DELETE FROM fastpaca.events
       WHERE conversation_id = $1 AND seq = (SELECT last_seq FROM fastpaca.conversations WHERE id = $1)
      RETURNING token_estimate
    )
    UPDATE fastpaca.conversations
       SET last_seq = last_seq - 1, version = version - 1, tokens_total = tokens_total - lost.token_estimate
      FROM lost WHERE id = $1`,
  'an event has another text': `
    UPDATE fastpaca.events SET body = replace(body::text, '"text":"', '"text":"x')::json
     WHERE conversation_id = $1 AND seq = 2`,
  'two events have changed places': `
    UPDATE fastpaca.events e SET body = o.body
      FROM fastpaca.events o
     WHERE e.conversation_id = $1 AND o.conversation_id = $1 AND (e.seq, o.seq) IN ((2, 3), (3, 2))`,
  'a running total is wrong': `
    UPDATE fastpaca.events SET tokens_total = tokens_total + 1 WHERE conversation_id = $1 AND seq = 2`,
  'the version has grown without a change': `
    UPDATE fastpaca.conversations SET version = version + 1 WHERE id = $1`,
  'a version is used twice': `
    UPDATE fastpaca.events SET version = 1 WHERE conversation_id = $1 AND seq = 2`,
};

/** Acknowledged appends that the standby lacks, at least. */
const LOST_APPENDS = 50;

/** The names of the damages that the checker did not notice; empty when it is sound. */
export async function selfTest(context) {
  const unnoticed = await damageBySql(context);
  // By hand, and where PostgreSQL's programs are, with a real failover too.
  if (!process.env.DATABASE_URL && hasPrograms() && !(await promoteWithoutLastEvents(context)))
    unnoticed.push('a failover loses events');
  return unnoticed;
}

/** @returns the names of the damages that the checker did not notice */
async function damageBySql(context) {
  const { folder, verdict, random, canary, progress, onEnd } = context;
  const dataDir = await folder.make('self-test');
  const given = process.env.DATABASE_URL;
  // Without a cache: the service may remember what it has written itself.
  const env = { FASTPACA_CACHE_BYTES: '0', ...(given ? { DATABASE_URL: given } : { DATA_DIR: dataDir }) };
  const node = await ServiceNode.start({ name: 'self-test', folder: dataDir, env }, context);
  const url = given ?? new EmbeddedDatabase(dataDir).url;
  const query = (text, values) => queryOnce(url, text, values);
  const load = new Load({
    nodes: [node],
    verdict,
    random,
    prefix: 'self-test',
    canary,
    conversations: 3 * Object.keys(DAMAGES).length, // a third of them is not compacted
  });
  onEnd(() => load.abandon());
  load.start();
  const damageable = () =>
    load.ledger
      .all()
      .filter(({ compacted, events, deletion }) => !compacted && events >= EVENTS && deletion === 'none');
  await until('enough events', () => damageable().length >= Object.keys(DAMAGES).length);
  await load.stop();
  const check = async (conversations) => {
    const found = new Verdict(verdict.seed);
    found.at = 'self-test';
    await new Checker({
      ledger: { all: () => conversations },
      nodes: [node],
      verdict: found,
      query,
    }).checkAll();
    return found;
  };

  const before = await check(load.ledger.all());
  if (before.anyBroken)
    throw new Error(`the checker complains before any damage: ${before.lines().join('\n')}`);
  const unnoticed = [];
  const conversations = damageable();
  for (const [name, sql] of Object.entries(DAMAGES)) {
    const conversation = conversations.pop();
    await query(sql, [conversation.id]);
    const found = await check([conversation]);
    progress(`${name}: ${found.anyBroken ? 'noticed' : 'NOT NOTICED'}`);
    for (const line of found
      .lines()
      .filter((each) => each.startsWith('    '))
      .slice(0, 1))
      progress(line);
    if (!found.anyBroken) unnoticed.push(name);
  }
  await node.stop();
  return unnoticed;
}

/**
 * Promotes a standby that lacks acknowledged events, while the ledger takes it for a synchronous one.
 *
 * @returns whether the checker has noticed
 */
async function promoteWithoutLastEvents(context) {
  const verdict = new Verdict(context.verdict.seed);
  verdict.at = 'failover';
  const stage = await FailoverStage.create({ ...context, verdict });
  const { pair, load, checker } = stage;
  await pair.setSynchronous(false);
  load.start();
  await load.grow(LOST_APPENDS);
  await pair.severStandby();
  await load.grow(LOST_APPENDS);
  await stage.promoteSevered();
  await load.stop();
  await checker.checkAll();
  const missing = verdict.figures.get('missing') ?? 0;
  context.progress(`a failover loses events: ${missing > 0 ? `noticed, ${missing} missing` : 'NOT NOTICED'}`);
  await stage.stop();
  return missing > 0;
}
