import type { Violation } from '../../errors/app-error.js';
import { addViolations, shortName, unknownField } from '../../errors/violations.js';
import { member, objectMembers, type JsonMember } from '../../json/json-scanner.js';
import { RawJson } from '../body/raw-json.js';
import type { DtoDefinition, UncheckedDto } from './dto-definition.js';

/** Query parameters in Fastify's form: a repeated one is a list. */
export type Query = Record<string, string | string[]>;

/** A DTO and the violations found so far: at most 101, see `addViolations`. */
export interface BoundDto {
  dto: UncheckedDto;
  violations: Violation[];
}

/** Copies query parameters into a DTO, numbers and booleans converted. Unknown and repeated ones are violations. */
export function bindQuery(query: Query, definition: DtoDefinition): BoundDto {
  const dto = definition.create();
  const violations: Violation[] = [];
  for (const [name, value] of Object.entries(query)) {
    const field = definition.field(name);
    const map = definition.parameterMaps.find((each) => name.startsWith(`${each}.`));
    if (!field && map === undefined) addViolations(violations, [unknownField(name, 'parameter')]);
    else if (Array.isArray(value))
      addViolations(violations, [{ path: shortName(name), message: 'is given more than once' }]);
    else if (field) dto[name] = convert(value, field.type);
    else if (map !== undefined) mapOf(dto, map).set(name.slice(map.length + 1), value);
  }
  return { dto, violations };
}

function mapOf(dto: UncheckedDto, name: string): Map<string, string> {
  const map = (dto[name] ??= new Map<string, string>());
  return map as Map<string, string>;
}

/** Converts a query value to the declared type. A value that does not fit stays a string, which the rules reject. */
function convert(value: string, type: unknown): unknown {
  if (type === Number && /^-?\d+$/.test(value)) {
    // Very many digits would become Infinity, which is not an integer; "at most" rules clamp large integers.
    return Math.max(-Number.MAX_VALUE, Math.min(Number(value), Number.MAX_VALUE));
  }
  if (type === Boolean && (value === 'true' || value === 'false')) return value === 'true';
  return value;
}

/**
 * Copies the fields of a JSON object into a DTO, without any conversion; a field that is null counts as absent. Unknown
 * fields are violations.
 */
export function bindBody(value: Record<string, unknown>, text: string, definition: DtoDefinition): BoundDto {
  const dto = definition.create();
  const violations: Violation[] = [];
  let members: JsonMember[] | undefined;
  for (const name of Object.keys(value)) {
    const field = definition.field(name);
    if (!field) {
      if (!addViolations(violations, [unknownField(name)])) break;
    } else if (value[name] === null) {
      continue;
    } else if (field.validation?.verbatim) {
      members ??= objectMembers(text);
      dto[name] = new RawJson(value[name], member(members, name) ?? '');
    } else {
      dto[name] = value[name];
    }
  }
  return { dto, violations };
}
