import { validatePrompt } from '@fastpaca/messages/validate';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { ConversationId } from '../../src/common/conversation-id.js';
import { WindowService } from '../../src/window/window.service.js';
import { expectError, violationPaths } from '../support/error-shape.js';
import { createMixedConversation } from '../support/mixed-conversation.js';
import { TestService } from '../support/test-service.js';
import { userEvents, WindowConversations } from '../support/window-conversations.js';

let service: TestService;
let windows: WindowConversations;
beforeAll(async () => {
  service = await TestService.start();
  windows = new WindowConversations(service, 'cached');
});
afterAll(() => service.stop());

describe('GET /v1/conversations/:id/window?cache=true', () => {
  it('marks the end of the system text, the last message before the newest turn, and the last message', async () => {
    const system = { role: 'system', content: 'Be brief.' };
    const answer = { role: 'assistant', content: 'Sunny.' };
    const id = await windows.create({}, [system, ...userEvents(1), answer, ...userEvents(1)]);
    const { body } = await service.http.window(id, '?format=anthropic&cache=true');
    const mark = { cache_control: { type: 'ephemeral' } };
    expect(body.prompt).toEqual({
      system: [{ type: 'text', text: 'Be brief.', ...mark }],
      messages: [
        { role: 'user', content: [{ type: 'text', text: 'message 1' }] },
        { role: 'assistant', content: [{ type: 'text', text: 'Sunny.', ...mark }] },
        { role: 'user', content: [{ type: 'text', text: 'message 1', ...mark }] },
      ],
    });
    const plain = await service.http.window(id, '?format=anthropic&cache=false');
    expect(plain.text).toBe((await service.http.window(id, '?format=anthropic')).text);
    expect(plain.text).not.toContain('cache_control');
  });

  it('gives the windows of a conversation the same key, and other conversations another one', async () => {
    const [first, second] = [
      await windows.create({}, userEvents(1)),
      await windows.create({}, userEvents(1)),
    ];
    const keyOf = async (id: string, format: string) =>
      (await service.http.window(id, `?format=${format}&cache=true`)).body.prompt.prompt_cache_key;
    const key = await keyOf(first, 'openai-chat');
    expect(key).toMatch(/^[\w-]{1,64}$/);
    await service.http.say(first, 'more');
    await windows.summarize(first, 1, 1);
    expect(await keyOf(first, 'openai-responses')).toBe(key);
    expect(await keyOf(second, 'openai-chat')).not.toBe(key);
  });

  it.each(['openai-chat', 'openai-responses', 'anthropic'] as const)(
    'is accepted by the provider: %s',
    async (format) => {
      const id = `cached-mixed-${format}`;
      await createMixedConversation(service.http, id);
      const { body } = await service.http.window(id, `?format=${format}&cache=true`);
      expect(validatePrompt(format, body.prompt)).toEqual([]);
    },
  );

  it.each(['', '&format=gemini', '&format=ai-sdk'])(
    'returns 400 that lists the formats: %s',
    async (query) => {
      const id = await windows.create({}, userEvents(1));
      const response = await service.http.window(id, `?cache=true${query}`);
      expectError(response, 400);
      expect(response.body.details).toEqual([
        { path: 'cache', message: 'needs one of the formats openai-chat, openai-responses, anthropic' },
      ]);
      const preview = service.http.path(id, `/window/preview?cache=true${query}`);
      expect(violationPaths(await service.http.request('POST', preview, { body: {} }))).toEqual(['cache']);
      expect((await service.http.window(id, `?cache=false${query}`)).status).toBe(200);
      expect(violationPaths(await service.http.window(id, `?cache=1${query}`))).toEqual(['cache']);
    },
  );

  it('has an ETag of its own, also from a cache', async () => {
    const id = await windows.create({}, userEvents(1));
    const read = (query: string) => service.http.window(id, `?format=openai-chat${query}`);
    const [plain, cached] = [await read(''), await read('&cache=true')];
    expect(cached.headers.get('etag')).not.toBe(plain.headers.get('etag'));
    expect((await read('')).text).toBe(plain.text);
    expect((await read('&cache=true')).text).toBe(cached.text);
  });
});

describe('WindowService.readPrompt with `cache`', () => {
  it('returns the same prompt as the HTTP route, and rejects other formats', async () => {
    const id = await windows.create({}, userEvents(2));
    const { body } = await service.http.window(id, '?format=openai-responses&cache=true');
    const read = (format: 'openai-responses' | 'gemini') =>
      service.app.get(WindowService).readPrompt(new ConversationId('default', id), format, { cache: true });
    expect((await read('openai-responses')).prompt).toEqual(body.prompt);
    await expect(read('gemini')).rejects.toMatchObject({ details: [{ path: 'cache' }] });
  });
});
