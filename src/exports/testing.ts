import 'reflect-metadata';

// The public names of `@fastpaca/server/testing`: what the tests of a team need.

export {
  describeWindowPolicy,
  type PolicyExamples,
  type TestRunner,
} from '../policies/testing/describe-window-policy.js';
export {
  startTestService,
  type TestService,
  type TestServiceOptions,
} from '../testing/start-test-service.js';
