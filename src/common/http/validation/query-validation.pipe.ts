import { Injectable, type ArgumentMetadata, type PipeTransform, type Type } from '@nestjs/common';
import { bindQuery, type Query } from './dto-binding.js';
import { DtoDefinition } from './dto-definition.js';
import { dtoOrRejection, withDtoViolations } from './dto-violations.js';

/**
 * Turns the query of a request into its DTO; `-?\d+` becomes a number. DTOs are strict: an unknown parameter is a
 * violation. A query with violations is rejected with up to 100 of them.
 */
@Injectable()
export class QueryValidationPipe implements PipeTransform {
  transform(query: Query, { data }: ArgumentMetadata): object {
    return this.validate(query, data as unknown as Type<object>);
  }

  /** @throws InvalidPayloadError (400), as a rejected promise */
  validate<Dto extends object>(query: Query, dtoClass: Type<Dto>): Dto | Promise<never> {
    const definition = DtoDefinition.of(dtoClass);
    const bound = withDtoViolations(bindQuery(query, definition), definition);
    return dtoOrRejection(bound) as Dto | Promise<never>;
  }
}
