import { describe, expect, it } from '@jest/globals';
import {
  claudePatches,
  geminiFixed,
  geminiTiles,
  openAiPatches,
  openAiTiles,
  unknownImage,
} from './image-formulas.js';

const of = (width: number, height: number) => ({ width, height });

describe('openAiTiles', () => {
  const gpt4o = openAiTiles(85, 170);
  it.each([
    // The examples of OpenAI's guide.
    [1024, 1024, 765],
    [2048, 4096, 1105],
    [512, 512, 255],
    [1, 1, 255],
    [1920, 1080, 1105],
    [4000, 100, 85 + 4 * 170],
    [2_147_483_647, 1, 85 + 4 * 170],
    [2_147_483_647, 2_147_483_647, 765],
  ])('counts %d × %d as %d tokens', (width, height, tokens) => {
    expect(gpt4o(of(width, height))).toBe(tokens);
  });

  it('costs the base with low detail, also if the size is unknown', () => {
    expect([gpt4o(of(4096, 8192), 'low'), gpt4o(undefined, 'low')]).toEqual([85, 85]);
    expect([gpt4o(of(1024, 1024), 'high'), gpt4o(of(1024, 1024), 'auto')]).toEqual([765, 765]);
  });

  it('has other prices for other models', () => {
    expect(openAiTiles(70, 140)(of(1024, 1024))).toBe(630);
    expect(openAiTiles(2833, 5667)(of(1024, 1024))).toBe(25_501);
  });
});

describe('openAiPatches', () => {
  it.each([
    // The examples of OpenAI's guide: 1024 × 1024 has 1,024 patches; 1800 × 2400 is scaled to 1056 × 1408.
    [1024, 1024, 1024],
    [1800, 2400, 1452],
    [1, 1, 1],
    [1_000_000, 10, 1536],
    [2_147_483_647, 2_147_483_647, 1521],
  ])('counts %d × %d as %d patches', (width, height, patches) => {
    expect(openAiPatches(1)(of(width, height))).toBe(patches);
    expect(openAiPatches(1.62)(of(width, height))).toBe(Math.ceil(patches * 1.62));
  });

  it('sees 512 × 512 pixels with low detail', () => {
    expect(openAiPatches(1)(of(2048, 1024), 'low')).toBe(16 * 8);
  });
});

describe('claudePatches', () => {
  it.each([
    // ⌈width ÷ 28⌉ × ⌈height ÷ 28⌉
    [200, 200, 64],
    [1000, 1000, 1296],
    [1092, 1092, 1521],
    [1920, 1080, 1568],
    [8000, 100, 56],
    [2_147_483_647, 1, 56],
  ])('counts %d × %d as %d tokens up to 4.6', (width, height, tokens) => {
    expect(claudePatches(1568, 1568)(of(width, height))).toBe(tokens);
  });

  it('sees more pixels from 4.7 on', () => {
    const newer = claudePatches(2576, 4784);
    expect(newer(of(1920, 1080))).toBe(69 * 39);
    expect(newer(of(4000, 3000))).toBe(4784);
  });
});

describe('the formulas of Gemini', () => {
  it.each([
    [384, 384, 258],
    [385, 10, 258],
    [768, 768, 258],
    [1536, 768, 516],
    [1920, 1080, 6 * 258],
    [2_147_483_647, 2_147_483_647, 16 * 258],
  ])('count %d × %d as %d tokens up to 2.5', (width, height, tokens) => {
    expect(geminiTiles(of(width, height))).toBe(tokens);
  });

  it('count every image as 1,120 tokens from 3 on', () => {
    expect([geminiFixed(of(10, 10)), geminiFixed(undefined)]).toEqual([1120, 1120]);
  });
});

it('an image of unknown size or model costs 1,600 tokens', () => {
  const formulas = [
    openAiTiles(85, 170),
    openAiPatches(1.62),
    claudePatches(1568, 1568),
    geminiTiles,
    unknownImage,
  ];
  expect(formulas.map((formula) => formula(undefined))).toEqual([1600, 1600, 1600, 1600, 1600]);
  expect(unknownImage(of(10, 10))).toBe(1600);
});
