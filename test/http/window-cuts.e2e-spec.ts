import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { TestService } from '../support/test-service.js';
import { textEvent, WindowConversations } from '../support/window-conversations.js';

let service: TestService;
let windows: WindowConversations;
beforeAll(async () => {
  service = await TestService.start();
  windows = new WindowConversations(service, 'cuts');
});
afterAll(() => service.stop());

const user = (text: string) => textEvent('user', text, 10);
const answer = (text: string) => textEvent('assistant', text, 10);
const thinking = {
  role: 'assistant',
  parts: [{ type: 'thinking', thinking: 'hm', signature: 's' }],
  token_count: 10,
};
const skipParts = (config: object) => ({ policy: { strategy: 'skip_parts', config } });

describe('the cut of skip_parts', () => {
  it('is not moved by reasoning before it that the policy removes', async () => {
    const id = await windows.create(skipParts({ limit: 2 }), [user('a'), thinking, answer('b'), user('c')]);
    expect(await windows.seqs(id)).toEqual([3, 4]);
    expect(await windows.seqs(id, '?budget_tokens=20')).toEqual([3, 4]);
  });

  it('does not bring back what the policy removes from the newest group', async () => {
    const id = await windows.create(skipParts({ limit: 1 }), [user('a'), thinking, user('b')]);
    expect(await windows.seqs(id)).toEqual([3]);
  });

  it('moves to the next group if the policy keeps the reasoning before it', async () => {
    const events = [user('a'), thinking, answer('b'), user('c')];
    const id = await windows.create(skipParts({ kinds: ['image'], limit: 2 }), events);
    expect(await windows.seqs(id)).toEqual([4]);
  });
});

describe('the cut of strip_tool_results', () => {
  const call = { role: 'assistant', parts: [{ type: 'tool_use', id: 'a', name: 'f', input: {} }] };
  const result = { role: 'user', parts: [{ type: 'tool_result', tool_use_id: 'a', content: 'big' }] };
  const strip = (limit: number) => ({ policy: { strategy: 'strip_tool_results', config: { limit } } });

  it('moves to the next group', async () => {
    const id = await windows.create(strip(2), [user('a'), call, result, user('b')]);
    expect(await windows.seqs(id)).toEqual([4]);
  });

  it('keeps the newest group whole', async () => {
    const id = await windows.create(strip(1), [user('a'), call, result]);
    expect(await windows.seqs(id)).toEqual([2, 3]);
  });

  it('counts the call of a part that holds call and result', async () => {
    const input = { query: 'word '.repeat(300) };
    const part = { type: 'tool-f', toolCallId: 'x', state: 'output-available', input, output: 'found' };
    const events = [user('a'), { role: 'assistant', parts: [part] }, user('b')];
    const id = await windows.create(strip(10), events);
    const { body } = await service.http.window(id);
    expect(body.messages[1].parts).toEqual([{ ...part, output: '[tool result removed]' }]);
    expect(body.used_tokens).toBeGreaterThan(300);
  });
});

describe('a result without an id', () => {
  const call = (id: string) => ({
    role: 'assistant',
    parts: [{ type: 'tool_call', id, name: 'f', input: {} }],
  });
  const result = { role: 'tool', parts: [{ type: 'tool_result', output: 'r' }] };
  const counted = (event: object) => ({ ...event, token_count: 10 });

  it('belongs to no call if an older call of the turn, before the cut, is open', async () => {
    const policy = { strategy: 'strip_tool_results', config: { limit: 3 } };
    const events = [user('a'), counted(call('a')), counted(call('b')), counted(result), answer('b')];
    const id = await windows.create({ policy }, events);
    const { body } = await service.http.window(id, '?budget_tokens=20');
    expect(body.messages).toMatchObject([{ seq: 5 }]);
    expect(body.repairs).toMatchObject([{ seq: 4 }]);
  });
});

describe('an empty window says why', () => {
  it('if the newest group does not fit together with the results that a format adds', async () => {
    const call = { role: 'assistant', parts: [{ type: 'tool_use', id: 'a', name: 'f', input: {} }] };
    const id = await windows.create({ policy: { strategy: 'budget' } }, [{ ...call, token_count: 20 }]);
    expect(await windows.seqs(id, '?budget_tokens=20')).toEqual([1]);
    const { body } = await service.http.window(id, '?budget_tokens=20&format=anthropic');
    const { overflow } = body;
    expect(body).toMatchObject({ prompt: { messages: [] }, used_tokens: 0, overflow: { seq: 1 } });
    const budget = `?budget_tokens=${overflow.tokens}&format=anthropic`;
    expect((await service.http.window(id, budget)).body.used_tokens).toBe(overflow.tokens);
  });

  it('if not even the newest summary fits', async () => {
    const id = await windows.create({ policy: { strategy: 'budget' } }, [user('a'), user('b')]);
    await windows.summarize(id, 1, 2, 50);
    const { body } = await service.http.window(id, '?budget_tokens=20');
    expect(body).toMatchObject({ messages: [], overflow: { seq: 2, tokens: 50 } });
  });

  it('if the newest summary does not fit together with the result that it lacks', async () => {
    const id = await windows.create({ policy: { strategy: 'budget' } }, [user('a'), user('b')]);
    const call = { role: 'assistant', parts: [{ type: 'tool_call', id: 'a', name: 'f', input: {} }] };
    const replacement = [{ ...call, token_count: 10 }, user('summary')];
    const compacted = await service.http.compact(id, { from_seq: 1, to_seq: 2, replacement });
    expect(compacted.status).toBe(200);
    const { body } = await service.http.window(id, '?budget_tokens=20');
    expect(body).toMatchObject({ messages: [], overflow: { seq: 2, tokens: 20 } });
    expect((await service.http.window(id, '?budget_tokens=100')).body.repairs).toHaveLength(1);
  });
});
