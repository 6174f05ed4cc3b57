import { describe, expect, it } from '@jest/globals';
import { AppConfig } from '../config/app-config.js';
import { ApiKeyAuthenticator } from './api-key.authenticator.js';
import { BrowserAccess } from './browser-access.js';

const TRANSPORTS = ['http', 'websocket'] as const;

function access(env: Record<string, string> = {}): BrowserAccess {
  const config = AppConfig.fromEnvironment(env);
  return new BrowserAccess(new ApiKeyAuthenticator(config), config);
}

/** The error message, or "admitted". Asserts that all given transports agree. */
function verdict(
  browserAccess: BrowserAccess,
  headers: { host?: string; origin?: string },
  transports: readonly (typeof TRANSPORTS)[number][] = TRANSPORTS,
): string {
  const verdicts = transports.map((transport) => {
    try {
      browserAccess.assertAllowed(headers, transport);
      return 'admitted';
    } catch (error) {
      expect(error).toMatchObject({ status: 403, error: 'forbidden' });
      return (error as Error).message;
    }
  });
  expect(new Set(verdicts).size).toBe(1);
  return verdicts[0]!;
}

const HOST_REJECTED = /"Host" of this request is none of them$/;
const ORIGIN_REJECTED = /^Web pages of the "Origin" of this request/;

describe('BrowserAccess without an API key', () => {
  const HOSTS = [
    'localhost',
    'LocalHost:4000',
    'localhost.',
    'localhost.:1',
    '127.0.0.1',
    '127.255.0.9:1',
    '[::1]',
    '[::1]:4000',
  ];

  it.each([...HOSTS, undefined])('admits the host %s', (host) => {
    expect(verdict(access(), { host })).toBe('admitted');
  });

  it.each([
    'evil.test',
    'evil.test:4000',
    'localhost.evil.test',
    'evil.localhost',
    'evil-localhost',
    '127.0.0.1.evil.test',
    '127.evil.test',
    '127.0.0.256',
    '128.0.0.1',
    '10.0.0.1:4000',
    '192.168.1.5',
    '0.0.0.0',
    '[::]',
    '[::2]:4000',
    '[::1].evil.test',
    'localhost:4000@evil.test',
    'localhost:x',
    'localhost..',
    'localhost evil.test',
    '',
  ])('rejects the host "%s"', (host) => {
    expect(verdict(access(), { host })).toMatch(HOST_REJECTED);
  });

  it.each([
    ['192.168.1.5', '192.168.1.5:4000'],
    ['0.0.0.0', '0.0.0.0:4000'],
    ['Box.Lan', 'box.lan'],
    ['fd00::5', '[fd00::5]:4000'],
    ['FD00:0:0:0:0:0:0:5', '[fd00::5]'],
  ])('admits the host in HOST=%s and loopback hosts, and no other', (HOST, host) => {
    expect(verdict(access({ HOST }), { host })).toBe('admitted');
    expect(verdict(access({ HOST }), { host: 'localhost:4000' })).toBe('admitted');
    expect(verdict(access({ HOST }), { host: '192.168.1.6' })).toMatch(HOST_REJECTED);
    expect(verdict(access(), { host })).toMatch(HOST_REJECTED);
  });

  it('admits the hosts in FASTPACA_ALLOWED_HOSTS at any port, and no other', () => {
    const listed = access({
      FASTPACA_ALLOWED_HOSTS: 'fastpaca, Fast_Paca.default.svc ,10.0.0.1,fd00::1,[FD00::2]',
    });
    for (const host of ['fastpaca:4000', 'fast_paca.default.svc', '10.0.0.1:80', '[fd00::1]', '[fd00::2]:1'])
      expect(verdict(listed, { host })).toBe('admitted');
    for (const host of [
      'fastpaca.evil.test',
      'x.fast_paca.default.svc',
      'default.svc',
      '10.0.0.10',
      '[fd00::3]',
    ])
      expect(verdict(listed, { host })).toMatch(HOST_REJECTED);
  });

  it.each(HOSTS.filter((host) => !host.includes('L')))('admits same-origin pages at %s', (host) => {
    for (const scheme of ['http', 'https'])
      expect(verdict(access(), { host, origin: `${scheme}://${host}` })).toBe('admitted');
  });

  it.each([
    'null',
    '',
    'http://evil.test',
    'http://localhost',
    'http://localhost:3000',
    'http://localhost:40000',
    'http://127.0.0.1:4000',
    'http://localhost:4000.evil.test',
    'http://localhost:4000/',
    'http://localhost:4000, http://evil.test',
    'localhost:4000',
    'ftp://localhost:4000',
    'file://',
    'chrome-extension://localhost:4000',
    'http://undefined',
  ])('rejects pages of the origin "%s" at localhost:4000', (origin) => {
    expect(verdict(access(), { host: 'localhost:4000', origin })).toMatch(ORIGIN_REJECTED);
    expect(verdict(access(), { origin })).toMatch(ORIGIN_REJECTED);
  });

  it('admits pages of the origins in FASTPACA_ALLOWED_ORIGINS, and no other foreign origin', () => {
    const listed = access({
      FASTPACA_ALLOWED_ORIGINS: 'http://localhost:3000, https://App.example.com:443/ ,chrome-extension://abc',
    });
    const host = 'localhost:4000';
    for (const origin of ['http://localhost:3000', 'https://app.example.com', 'chrome-extension://abc'])
      expect(verdict(listed, { host, origin })).toBe('admitted');
    for (const origin of [
      'http://localhost:3001',
      'http://app.example.com',
      'https://x.app.example.com',
      'null',
    ])
      expect(verdict(listed, { host, origin })).toMatch(ORIGIN_REJECTED);
    expect(verdict(listed, { host: 'evil.test', origin: 'http://localhost:3000' })).toMatch(HOST_REJECTED);
  });
});

describe('BrowserAccess with an API key', () => {
  const KEY = { FASTPACA_API_KEY: 'k' };

  it('admits every host', () => {
    for (const host of ['api.example.com', '10.0.0.1:4000', 'evil.test'])
      expect(verdict(access({ ...KEY, FASTPACA_ALLOWED_HOSTS: 'other' }), { host })).toBe('admitted');
  });

  it('admits a foreign origin over HTTP, where the key and CORS apply, and rejects it for a websocket', () => {
    const listed = access({ ...KEY, FASTPACA_ALLOWED_ORIGINS: 'https://app.example.com' });
    const host = 'api.example.com';
    for (const origin of ['https://evil.test', 'null', 'http://api.example.com:1']) {
      expect(verdict(listed, { host, origin }, ['http'])).toBe('admitted');
      expect(verdict(listed, { host, origin }, ['websocket'])).toMatch(ORIGIN_REJECTED);
    }
    for (const origin of ['https://app.example.com', 'https://api.example.com', undefined])
      expect(verdict(listed, { host, origin })).toBe('admitted');
  });
});
