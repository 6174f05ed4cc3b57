import { describe, jest } from '@jest/globals';
import { loadAiVersion } from '../ai-version.js';
import { describeAborts } from './aborts.js';
import { describeAppends } from './appends.js';
import { describeApprovals } from './approvals.js';
import { describeDialects } from './dialects.js';
import { describeInterruptions } from './interruptions.js';
import { describeModelErrors } from './model-errors.js';
import { describeResponses } from './responses.js';
import { setUpStreams } from './setup.js';
import { describeSummaries } from './summaries.js';
import { describeTools } from './tools.js';
import { describeUsage } from './usage.js';

/** Tests `ctx.stream` with one major version of the AI SDK. The SDK imports that version as `ai`. */
export async function describeStream(pkg: Parameters<typeof loadAiVersion>[0]): Promise<void> {
  const version = await loadAiVersion(pkg);
  jest.unstable_mockModule('ai', () => version.ai);
  // Imported after the call above, so that the SDK imports the mocked `ai`.
  const { createClient } = await import('../../../src/index.js');
  describe(`ctx.stream with ${version.name}`, () => {
    const setup = setUpStreams(version, createClient);
    describeResponses(setup);
    describeModelErrors(setup);
    describeAppends(setup);
    describeAborts(setup);
    describeTools(setup);
    describeInterruptions(setup);
    describeDialects(setup);
    if (version.name !== 'AI SDK 5') describeApprovals(setup);
    describeSummaries(setup);
    describeUsage(setup);
  });
}
