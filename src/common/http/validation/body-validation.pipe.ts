import { Injectable, type ArgumentMetadata, type PipeTransform, type Type } from '@nestjs/common';
import { ModuleRef } from '@nestjs/core';
import { runCooperatively, runToCompletion, type CooperativeTask } from '../../cooperative-task.js';
import type { Violation } from '../../errors/app-error.js';
import { addViolations } from '../../errors/violations.js';
import { isObject } from '../../json/is-object.js';
import { RawJson } from '../body/raw-json.js';
import { bindBody, type BoundDto } from './dto-binding.js';
import { DtoDefinition } from './dto-definition.js';
import { dtoOrRejection, withDtoViolations } from './dto-violations.js';
import type { FieldValidator } from './field-validator.js';
import { rejectRequest } from './reject-request.js';

/**
 * Turns a JSON body into its DTO, in four steps: bind the fields, run the field validators, run class-validator, check
 * the rules between fields. All steps add to one list of violations; a body with any is rejected with up to 100.
 *
 * DTOs are strict: an unknown field is a violation. A field that is null counts as absent. Fields are never converted.
 */
@Injectable()
export class BodyValidationPipe implements PipeTransform {
  private readonly validators = new Map<Type<FieldValidator>, FieldValidator>();

  constructor(private readonly modules: ModuleRef) {}

  transform(body: unknown, { data }: ArgumentMetadata): object {
    const dtoClass = data as unknown as Type;
    if (!(body instanceof RawJson) || !isObject(body.value)) {
      return rejectRequest([{ path: '', message: 'The body must be a JSON object' }]);
    }
    const validation = this.validateBody(body.value, body.text, DtoDefinition.of(dtoClass));
    return body.isLarge
      ? runCooperatively(validation).then(dtoOrRejection)
      : dtoOrRejection(runToCompletion(validation));
  }

  private *validateBody(
    value: Record<string, unknown>,
    text: string,
    definition: DtoDefinition,
  ): CooperativeTask<BoundDto> {
    const bound = bindBody(value, text, definition);
    yield;
    for (const { name, validation } of definition.validatedFields) {
      const field = bound.dto[name];
      if (field === undefined) continue;
      if ('dto' in validation) yield* this.validateNested(bound, name, validation.dto);
      else addViolations(bound.violations, fieldViolations(this.validatorOf(validation), name, field));
      yield;
    }
    return withDtoViolations(bound, definition);
  }

  private validatorOf({ validator }: { validator: Type<FieldValidator> }): FieldValidator {
    const known = this.validators.get(validator);
    if (known) return known;
    const instance = this.modules.get<FieldValidator>(validator, { strict: false });
    this.validators.set(validator, instance);
    return instance;
  }

  /** Replaces the JSON of a field by its DTO. */
  private *validateNested({ dto, violations }: BoundDto, name: string, type: Type): CooperativeTask<void> {
    const { value, text } = dto[name] as RawJson;
    if (!isObject(value)) {
      addViolations(violations, [{ path: name, message: 'must be an object' }]);
      return;
    }
    const nested = yield* this.validateBody(value, text, DtoDefinition.of(type));
    dto[name] = nested.dto;
    const named = nested.violations.map(({ path, message }) => ({ path: `${name}.${path}`, message }));
    addViolations(violations, named);
  }
}

function fieldViolations(validator: FieldValidator, name: string, field: unknown): Iterable<Violation> {
  const [value, text] = field instanceof RawJson ? [field.value, field.text] : [field, ''];
  return validator.accepts?.(value) ? [] : validator.violations(value, name, text);
}
