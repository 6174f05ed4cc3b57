import { parse } from 'yaml';

/** A variable that the compose file needs is not set. The message is the one that the file gives. */
export class MissingVariableError extends Error {}

/** `$$`, `${NAME}`, `${NAME:-default}` and `${NAME:?message}`. */
const VARIABLE = /\$(?:\$|\{([A-Z_]+)(?:(:[-?])([^}]*))?\})/g;

/**
 * Reads a compose file as Docker Compose does: resolves its anchors, and replaces its variables.
 *
 * @param text the YAML
 * @param environment the variables
 * @throws MissingVariableError a variable with `:?` is unset or empty
 */
export function readComposeFile(text, environment) {
  return replaceVariables(parse(text, { merge: true }), environment);
}

function replaceVariables(value, environment) {
  if (typeof value === 'string') {
    return value.replace(VARIABLE, (_, name, operator, operand) => {
      if (name === undefined) return '$';
      if (environment[name]) return environment[name];
      if (operator === ':?') throw new MissingVariableError(`${name}: ${operand}`);
      return operand ?? '';
    });
  }
  if (Array.isArray(value)) return value.map((item) => replaceVariables(item, environment));
  if (value === null || typeof value !== 'object') return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) => [key, replaceVariables(item, environment)]),
  );
}
