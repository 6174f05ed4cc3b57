import assert from 'node:assert/strict';
import { after, before, it } from 'node:test';
import { ConversationId, ConversationsService, EventsService, WindowService } from '@fastpaca/server';
import { startTestService, type TestService } from '@fastpaca/server/testing';
import { Module } from '@nestjs/common';
import { RolesPolicy } from '../src/roles.policy.js';

@Module({ providers: [RolesPolicy] })
class PolicyModule {}

/** Without a server of its own, the test starts an embedded PostgreSQL. */
const { DATABASE_URL: serverUrl } = process.env;

let service: TestService;
before(async () => {
  service = await startTestService({
    module: PolicyModule,
    env: serverUrl ? { DATABASE_URL: serverUrl } : {},
  });
});
after(() => service.stop());

it('shows the model only the messages of the roles in the config', async () => {
  const id = new ConversationId('default', 'demo');
  await service.app
    .get(ConversationsService)
    .put(id, { tokenBudget: 1000, policy: { strategy: 'roles', config: { roles: ['user'] } } });
  await service.app.get(EventsService).append(id, {
    events: [
      { role: 'user', content: 'Hello' },
      { role: 'assistant', content: 'Hi' },
    ],
  });
  const { messages } = await service.app.get(WindowService).read(id);
  assert.deepEqual(
    messages.map(({ seq, role }) => [seq, role]),
    [[1, 'user']],
  );
});
