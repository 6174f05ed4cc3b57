import { describe, expect, it } from '@jest/globals';
import { whose } from './leftover-server.js';

describe('whose', () => {
  it.each([
    [['/opt/native/bin/postgres', '-D', '/srv/data/postgres', '-p', '5000'], 'this cluster'],
    [['/opt/my app/bin/postgres', '-D /srv/data/postgres -p 5000'], 'this cluster'], // as `ps` shows it
    [['/usr/lib/postgresql/15/bin/postgres', '-D', '/var/lib/postgresql/15/main'], 'someone else'],
    [['/opt/native/bin/postgres', '-D', '/srv/data/postgres-old'], 'someone else'],
    [['postgres: checkpointer '], 'someone else'],
    [['vim', '/srv/data/postgres', '-D', '/srv/data/postgres'], 'someone else'],
    [[], 'someone else'],
    [['postgres', '-D', 'data/postgres'], 'unknown'],
    [['postgres'], 'unknown'],
  ])('%j is of %s', (args, owner) => {
    expect(whose(args, '/srv/data/postgres')).toBe(owner);
  });
});
