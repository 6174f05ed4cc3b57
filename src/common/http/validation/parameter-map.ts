const PARAMETER_MAPS = Symbol('parameter maps');

/**
 * Collects the query parameters `field.KEY` as a map from KEY to the value. KEY is everything after the first dot. The rules of keys and
 * values belong into `crossFieldViolations`.
 */
export function ParameterMap(): PropertyDecorator {
  return (target, property) => {
    const names = [...parameterMapsOf(target.constructor), property as string];
    Reflect.defineMetadata(PARAMETER_MAPS, names, target.constructor);
  };
}

/** The names of the decorated fields of a DTO class. */
export function parameterMapsOf(dtoClass: object): readonly string[] {
  const names: unknown = Reflect.getMetadata(PARAMETER_MAPS, dtoClass);
  return (names as readonly string[] | undefined) ?? [];
}
