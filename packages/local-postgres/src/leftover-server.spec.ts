import { describe, expect, it } from '@jest/globals';
import { identifyProcess } from './leftover-server.js';

describe('identifyProcess', () => {
  it.each([
    [['/opt/native/bin/postgres', '-D', '/srv/data/postgres', '-p', '5000'], 'server of this cluster'],
    [['/opt/my app/bin/postgres', '-D /srv/data/postgres -p 5000'], 'server of this cluster'], // as printed by `ps`
    [['/usr/lib/postgresql/15/bin/postgres', '-D', '/var/lib/postgresql/15/main'], 'another program'],
    [['/opt/native/bin/postgres', '-D', '/srv/data/postgres-old'], 'another program'],
    [['postgres: checkpointer '], 'another program'],
    [['vim', '/srv/data/postgres', '-D', '/srv/data/postgres'], 'another program'],
    [[], 'another program'],
    [['postgres', '-D', 'data/postgres'], 'unknown'],
    [['postgres'], 'unknown'],
  ])('identifies %j as %s', (args, kind) => {
    expect(identifyProcess(args, '/srv/data/postgres')).toBe(kind);
  });
});
