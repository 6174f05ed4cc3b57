import { describeStream } from './support/ai-stream-suite.js';

await describeStream('ai');
