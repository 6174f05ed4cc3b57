import { describe, it } from 'node:test';
import { describeWindowPolicy } from '@fastpaca/server/testing';
import { RolesPolicy } from '../src/roles.policy.js';

describeWindowPolicy(
  'roles',
  () => new RolesPolicy(),
  {
    valid: [{}, { roles: ['user', 'assistant'] }],
    invalid: [{ config: { roles: 'user' }, field: 'roles' }],
  },
  { describe, it },
);
