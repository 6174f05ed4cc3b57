import { InitialSchema1764000000000 } from './1764000000000-initial-schema.js';

/** In the order they run. A released migration never changes; a new one goes to the end. */
export const MIGRATIONS = [InitialSchema1764000000000];
