import { Injectable, type ArgumentMetadata, type PipeTransform, type Type } from '@nestjs/common';
import { ModuleRef } from '@nestjs/core';
import { getMetadataStorage, validateSync, type ValidationError } from 'class-validator';
import type { Violation } from '../../errors/app-error.js';
import { addViolations } from '../../errors/violations.js';
import { isObject } from '../../json/is-object.js';
import { member, objectMembers, type JsonMember } from '../../json/json-scanner.js';
import { runToCompletion, runCooperatively, type CooperativeTask } from '../../cooperative-task.js';
import { RawJson } from '../body/raw-json.js';
import { rejectRequest } from './reject-request.js';
import { validatedFields, type ValidatedField } from './field-validator.js';

/** What a DTO may have: the rules between its fields, of which any may break a rule of its own. */
export interface CrossFieldValidation {
  violations(): Violation[];
}

/** A part of a request as its DTO, and what is wrong with it; see `addViolations`. */
interface Checked {
  dto: object;
  violations: Violation[];
}

/** What of a DTO class is needed per request, worked out once. */
interface Envelope {
  fields: ReadonlySet<string>;
  checked: ReadonlyMap<string, ValidatedField>;
  /** No field is required, so that without one that has rules of its own class-validator has nothing to look for. */
  optional: boolean;
}

/**
 * Turns body and query into their DTO. Envelopes are strict: an unknown field is refused, `null` counts as absent, no
 * value is converted in a body, and in a query only `-?\d+` is a number. Every violation is reported, as far as an answer lists them.
 */
@Injectable()
export class RequestValidationPipe implements PipeTransform {
  private readonly envelopes = new Map<Type, Envelope>();

  constructor(private readonly modules: ModuleRef) {}

  transform(value: unknown, { type, metatype }: ArgumentMetadata): unknown {
    if (!metatype || (type !== 'body' && type !== 'query')) return value;
    if (type === 'query') return dtoOf(this.query(value as Record<string, string | string[]>, metatype));
    const checked = this.body(value, metatype);
    return value instanceof RawJson && value.isLarge
      ? runCooperatively(checked).then(dtoOf)
      : dtoOf(runToCompletion(checked));
  }

  private *body(body: unknown, dtoClass: Type): CooperativeTask<Checked> {
    if (!(body instanceof RawJson) || !isObject(body.value)) {
      return { dto: {}, violations: [{ path: '', message: 'The body must be a JSON object' }] };
    }
    const { fields, checked, optional } = this.envelope(dtoClass);
    const dto = new dtoClass() as Record<string, unknown>;
    const violations: Violation[] = [];
    let ruled = !optional;
    let members: JsonMember[] | undefined;
    for (const name of Object.keys(body.value)) {
      const value = (body.value as Record<string, unknown>)[name];
      if (!fields.has(name)) {
        if (!addViolations(violations, [unknown(name, 'field')])) break;
      } else if (value !== null) {
        const { check, verbatim = false } = checked.get(name) ?? {};
        if (verbatim) members ??= objectMembers(body.text);
        const text = members && verbatim ? (member(members, name) ?? '') : '';
        if (check) {
          yield;
          addViolations(violations, this.modules.get(check, { strict: false }).violations(value, name, text));
          yield;
        }
        dto[name] = verbatim ? new RawJson(value, text) : value;
        ruled ||= !verbatim;
      }
    }
    return { dto, violations: allViolations(dto, violations, ruled) };
  }

  query(query: Record<string, string | string[]>, dtoClass: Type): Checked {
    const { fields, optional } = this.envelope(dtoClass);
    const dto = new dtoClass() as Record<string, unknown>;
    const violations: Violation[] = [];
    const given = Object.entries(query);
    for (const [name, value] of given) {
      if (!fields.has(name)) addViolations(violations, [unknown(name, 'parameter')]);
      else if (Array.isArray(value))
        addViolations(violations, [{ path: name, message: 'is given more than once' }]);
      else
        dto[name] = fromQuery(value, Reflect.getMetadata('design:type', dtoClass.prototype as object, name));
    }
    return { dto, violations: allViolations(dto, violations, !optional || given.length > 0) };
  }

  private envelope(dtoClass: Type): Envelope {
    let envelope = this.envelopes.get(dtoClass);
    if (!envelope) {
      const rules = getMetadataStorage().getTargetValidationMetadatas(dtoClass, '', false, false);
      envelope = {
        fields: new Set(rules.map(({ propertyName }) => propertyName)),
        checked: validatedFields(dtoClass),
        optional: ruleViolations(new dtoClass() as object).length === 0,
      };
      this.envelopes.set(dtoClass, envelope);
    }
    return envelope;
  }
}

function dtoOf({ dto, violations }: Checked): object {
  return violations.length ? rejectRequest(violations) : dto;
}

/** A query value as the type its DTO declares; what does not fit stays a string, for the rules to refuse. */
function fromQuery(value: string, type: unknown): unknown {
  // Of very many digits it would be Infinity, which is no integer.
  if (type === Number && /^-?\d+$/.test(value))
    return Math.max(-Number.MAX_VALUE, Math.min(Number(value), Number.MAX_VALUE));
  if (type === Boolean && (value === 'true' || value === 'false')) return value === 'true';
  return value;
}

function allViolations(dto: object, violations: Violation[], ruled: boolean): Violation[] {
  if (ruled) addViolations(violations, ruleViolations(dto));
  if ('violations' in dto) addViolations(violations, (dto as CrossFieldValidation).violations());
  return violations;
}

/** What class-validator finds. */
function ruleViolations(dto: object): Violation[] {
  const broken = validateSync(dto, { forbidUnknownValues: false });
  return broken.flatMap(({ property, constraints }: ValidationError) =>
    Object.values(constraints ?? {}).map((message) => ({
      path: property,
      message: message.startsWith(`${property} `) ? message.slice(property.length + 1) : message,
    })),
  );
}

function unknown(name: string, kind: 'field' | 'parameter'): Violation {
  return { path: name.slice(0, 100), message: `is not a known ${kind}` };
}
