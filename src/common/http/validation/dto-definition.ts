import type { Type } from '@nestjs/common';
import { getMetadataStorage, validateSync } from 'class-validator';
import type { Violation } from '../../errors/app-error.js';
import { fieldValidationsOf, type FieldValidation } from './field-validator.js';
import { parameterMapsOf } from './parameter-map.js';

/** An instance of a DTO class, with values that may not fit their declared types. */
export type UncheckedDto = Record<string, unknown>;

export interface DtoField {
  name: string;
  /** The constructor of its declared type, for example `Number`. */
  type: unknown;
  validation: FieldValidation | undefined;
}

/** What the decorators of a DTO class say, read once per class. */
export class DtoDefinition {
  private static readonly definitions = new Map<Type, DtoDefinition>();

  static of(dtoClass: Type): DtoDefinition {
    let definition = this.definitions.get(dtoClass);
    if (!definition) this.definitions.set(dtoClass, (definition = new DtoDefinition(dtoClass)));
    return definition;
  }

  private readonly fields: ReadonlyMap<string, DtoField>;
  /** The fields that have a `FieldValidator`. */
  readonly validatedFields: readonly (DtoField & { validation: FieldValidation })[];
  /** The names of the fields with `ParameterMap`. */
  readonly parameterMaps: readonly string[];
  private readonly hasRequiredField: boolean;

  private constructor(private readonly dtoClass: Type) {
    const rules = getMetadataStorage().getTargetValidationMetadatas(dtoClass, '', false, false);
    const validations = fieldValidationsOf(dtoClass);
    const fields = rules.map(({ propertyName: name }): [string, DtoField] => [
      name,
      {
        name,
        type: Reflect.getMetadata('design:type', dtoClass.prototype as object, name),
        validation: validations.get(name),
      },
    ]);
    this.fields = new Map(fields);
    this.validatedFields = [...this.fields.values()].flatMap(({ validation, ...field }) =>
      validation ? [{ ...field, validation }] : [],
    );
    this.parameterMaps = parameterMapsOf(dtoClass);
    this.hasRequiredField = classValidatorViolations(this.create()).length > 0;
  }

  create(): UncheckedDto {
    return new this.dtoClass() as UncheckedDto;
  }

  /** Undefined if the DTO has no such field. */
  field(name: string): DtoField | undefined {
    return this.fields.get(name);
  }

  /** The violations of class-validator's rules. Skips class-validator, which takes 1 µs, if no rule can be violated. */
  ruleViolations(dto: UncheckedDto): Violation[] {
    return this.hasRequiredField || this.hasFieldWithRules(dto) ? classValidatorViolations(dto) : [];
  }

  /** Whether a field is present that class-validator may have rules for. Verbatim fields have no such rules. */
  private hasFieldWithRules(dto: UncheckedDto): boolean {
    for (const [name, { validation }] of this.fields) {
      if (dto[name] !== undefined && !validation?.verbatim) return true;
    }
    return false;
  }
}

function classValidatorViolations(dto: UncheckedDto): Violation[] {
  const errors = validateSync(dto, { forbidUnknownValues: false });
  return errors.flatMap(({ property, constraints }) =>
    Object.values(constraints ?? {}).map((message) => ({
      path: property,
      // The default messages of class-validator start with the property's name.
      message: message.startsWith(`${property} `) ? message.slice(property.length + 1) : message,
    })),
  );
}
