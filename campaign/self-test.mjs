// `npm run campaign -- --self-test`: tests the checker. Clients write for a moment. Then SQL damages the database as a broken
// service could do, and the checker must notice each damage. Uses the empty database of DATABASE_URL, or the embedded database.
import { Checker } from './checker.mjs';
import { EmbeddedDatabase, queryOnce } from './embedded-database.mjs';
import { FailoverStage } from './failover-stage.mjs';
import { Load } from './load.mjs';
import { hasPrograms } from './postgres-pair.mjs';
import { ServiceNode } from './service-node.mjs';
import { Verdict } from './verdict.mjs';
import { until } from './waiting.mjs';

/** Minimum number of events in a conversation to damage. */
const EVENTS = 4;

/** Each statement causes one damage to the conversation `$1` and keeps everything else consistent. */
const DAMAGES = {
  'an acknowledged event is deleted': `
    DELETE FROM fastpaca.events WHERE conversation_id = $1 AND seq = 2`,
  'an acknowledged event is stored twice': `
    WITH head AS (
      UPDATE fastpaca.conversations
         SET last_seq = last_seq + 1, version = version + 1,
             tokens_total = tokens_total + (SELECT token_estimate FROM fastpaca.events WHERE conversation_id = $1 AND seq = 1)
       WHERE id = $1 RETURNING last_seq, version, tokens_total
    )
    INSERT INTO fastpaca.events (namespace, conversation_id, seq, version, body, token_estimate, tokens_total, inserted_at)
    SELECT namespace, conversation_id, head.last_seq, head.version, body, token_estimate, head.tokens_total, now()
      FROM fastpaca.events, head WHERE conversation_id = $1 AND seq = 1`,
  'the last event is lost, as after the promotion of an asynchronous standby': `
    WITH lost AS (
      DELETE FROM fastpaca.events
       WHERE conversation_id = $1 AND seq = (SELECT last_seq FROM fastpaca.conversations WHERE id = $1)
      RETURNING token_estimate
    )
    UPDATE fastpaca.conversations
       SET last_seq = last_seq - 1, version = version - 1, tokens_total = tokens_total - lost.token_estimate
      FROM lost WHERE id = $1`,
  'the text of an event is changed': `
    UPDATE fastpaca.events SET body = replace(body::text, '"text":"', '"text":"x')::json
     WHERE conversation_id = $1 AND seq = 2`,
  'two events are swapped': `
    UPDATE fastpaca.events e SET body = o.body
      FROM fastpaca.events o
     WHERE e.conversation_id = $1 AND o.conversation_id = $1 AND (e.seq, o.seq) IN ((2, 3), (3, 2))`,
  'a running total is wrong': `
    UPDATE fastpaca.events SET tokens_total = tokens_total + 1 WHERE conversation_id = $1 AND seq = 2`,
  'the version is incremented without a change': `
    UPDATE fastpaca.conversations SET version = version + 1 WHERE id = $1`,
  'a version is used twice': `
    UPDATE fastpaca.events SET version = 1 WHERE conversation_id = $1 AND seq = 2`,
};

/** Minimum number of acknowledged appends that the standby lacks. */
const LOST_APPENDS = 50;

/** @returns the names of the damages that the checker missed */
export async function selfTest(context) {
  const unnoticed = await damageBySql(context);
  // If PostgreSQL's programs are installed, also a real failover.
  if (!process.env.DATABASE_URL && hasPrograms() && !(await promoteWithoutLastEvents(context)))
    unnoticed.push('a failover loses events');
  return unnoticed;
}

/** @returns the names of the damages that the checker missed */
async function damageBySql(context) {
  const { folder, verdict, random, canary, progress, onEnd } = context;
  const dataDir = await folder.make('self-test');
  const given = process.env.DATABASE_URL;
  // Without a cache, because the node must read the damaged rows.
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
    conversations: 3 * Object.keys(DAMAGES).length, // a third of the conversations is never compacted
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
    throw new Error(`the checker reports a violation before any damage: ${before.lines().join('\n')}`);
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
 * Promotes a standby that lacks acknowledged events.
 *
 * @returns whether the checker noticed
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
