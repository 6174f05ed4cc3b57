// The public names of `@fastpaca/server/policies`: what a window policy needs.

export { InvalidPolicyConfigError, PolicyConfigReader } from '../policies/policy-config.js';
export type { LiveEvent, Part, Timeline } from '../policies/timeline.js';
export {
  RegisterPolicy,
  type NewestEvents,
  type Selection,
  type WindowPolicy,
} from '../policies/window-policy.js';
