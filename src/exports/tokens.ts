// The public names of `@fastpaca/server/tokens`: what a token estimator needs.

export type { TokenEstimator } from '../tokens/token-estimator.js';
