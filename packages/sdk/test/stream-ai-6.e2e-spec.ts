import { describeStream } from './support/ai-stream/index.js';

await describeStream('ai-v6');
