import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { ConversationId } from '../../src/common/conversation-id.js';
import { ConversationChanges, type CommittedChange } from '../../src/conversations/conversation-changes.js';
import { EventsService } from '../../src/events/events.service.js';
import { eventually } from '../support/eventually.js';
import { TestService } from '../support/test-service.js';

describe('ConversationChanges.subscribe', () => {
  let service: TestService;
  let otherNode: TestService;
  beforeAll(async () => {
    service = await TestService.start();
    otherNode = await TestService.start({ database: service.database });
  });
  afterAll(async () => {
    await otherNode.stop();
    await service.stop();
  });

  const subscribe = (node: TestService, listener: (change: CommittedChange) => unknown) =>
    node.app.get(ConversationChanges, { strict: false }).subscribe(listener);

  it('reports every kind of change once, on the node that committed it, with the version', async () => {
    const changes: string[] = [];
    const changesOfOtherNode: string[] = [];
    const record = (list: string[]) => (change: CommittedChange) =>
      list.push(`${change.id.namespace} ${change.id.id} ${change.kind} ${change.version}`);
    const ends = [subscribe(service, record(changes)), subscribe(otherNode, record(changesOfOtherNode))];
    const { http } = service;
    await http.put('all');
    await http.say('all', 'one');
    const turn = { event: { role: 'user', content: 'two' }, idempotency_key: 'k' };
    await http.request('POST', http.path('all', '/events'), { body: turn });
    await http.request('POST', http.path('all', '/events'), { body: turn }); // deduplicated: no change
    await http.request('POST', http.path('all', '/compact'), {
      body: { from_seq: 1, to_seq: 1, replacement: [{ role: 'user', content: 'short' }] },
    });
    await http.patch('all', { title: 'a' });
    await http.delete('all');
    await otherNode.http.put('last');
    await eventually('the other node has reported its change', () => changesOfOtherNode.length > 0);
    for (const end of ends) end();
    await http.put('after');
    expect(changes).toEqual([
      'default all settings 0',
      'default all append 1',
      'default all append 2',
      'default all compaction 3',
      'default all metadata 3',
      'default all tombstone 3',
    ]);
    expect(changesOfOtherNode).toEqual(['default last settings 0']);
  });

  it('is not disturbed by a listener that fails, and disturbs no append', async () => {
    const seen: number[] = [];
    const ends = [
      subscribe(service, () => {
        throw new Error('a bug of the team');
      }),
      subscribe(service, () => Promise.reject(new Error('another bug'))),
      subscribe(service, ({ version }) => seen.push(version)),
    ];
    const events = service.app.get(EventsService, { strict: false });
    const id = new ConversationId('default', 'failing');
    await service.http.put('failing');
    await events.append(id, { events: [{ role: 'user', content: 'a' }] });
    const page = await events.read(id, { cursor: 0 });
    expect(page.events.map(({ body }) => JSON.parse(body))).toEqual([
      { role: 'user', parts: [{ type: 'text', text: 'a' }] },
    ]);
    await eventually('the third listener has the change', () => seen.includes(1));
    for (const end of ends) end();
  });
});
