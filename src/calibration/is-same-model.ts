/** The route of a gateway before the name, such as `anthropic/`. */
const ROUTE = /^.*\//;
const LATEST = /[-:]latest$/;
/** The release of a model, such as `-2024-07-18`, `@20250929` or `-001`. */
const RELEASE = /[-@](\d{4}-?\d{2}-?\d{2}|\d{3})$/;

/**
 * Whether a provider's name of a model means the model that a conversation names: the same name, apart from the route of a gateway,
 * upper case, and a release that only one of the two names has. Two different releases are different models.
 */
export function isSameModel(reported: string, configured: string): boolean {
  const [a, b] = [nameOf(reported), nameOf(configured)];
  return a === b || a.replace(RELEASE, '') === b || a === b.replace(RELEASE, '');
}

function nameOf(model: string): string {
  return model.toLowerCase().replace(ROUTE, '').replace(LATEST, '');
}
