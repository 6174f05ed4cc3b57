import { describe, expect, it } from '@jest/globals';
import { ToolPairing } from './tool-pairing.js';

describe('ToolPairing', () => {
  it('assigns a result with an id to the latest open call with that id', () => {
    const pairing = new ToolPairing<number>();
    pairing.addCall(1, { id: 'a' });
    pairing.addCall(2, { id: 'a' });
    pairing.addCall(3, { id: 'b' });
    expect(pairing.addResult({ id: 'a' })).toBe(2);
    expect(pairing.addResult({ id: 'a' })).toBe(1);
    expect(pairing.addResult({ id: 'a' })).toBeUndefined();
    expect(pairing.openCalls()).toEqual([3]);
  });

  it('assigns a result without an id to the oldest open call with its name', () => {
    const pairing = new ToolPairing<number>();
    pairing.addCall(1, { name: 'f' });
    pairing.addCall(2, { name: 'g' });
    pairing.addCall(3, { name: 'g' });
    expect(pairing.addResult({ name: 'g' })).toBe(2);
    expect(pairing.addResult({ name: 'h' })).toBeUndefined();
    expect(pairing.addResult({})).toBe(1);
  });

  it('assigns every result to its call if calls may have any number of results', () => {
    const pairing = new ToolPairing<number>('any');
    pairing.addCall(1, { id: 'a' });
    expect([pairing.addResult({ id: 'a' }), pairing.addResult({ id: 'a' })]).toEqual([1, 1]);
  });

  it('removes the open calls with an id, or all open calls', () => {
    const pairing = new ToolPairing<number>();
    pairing.addCall(1, { id: 'a' });
    pairing.addCall(2, { id: 'b' });
    pairing.forgetOpenCalls('a');
    expect(pairing.openCalls()).toEqual([2]);
    pairing.forgetOpenCalls();
    expect(pairing.addResult({ id: 'b' })).toBeUndefined();
  });
});
