import { ApiSchema } from '@nestjs/swagger';

/** The name of a DTO in the documents, see `nameSchemas`. */
export function SchemaTitle(title: string): ClassDecorator {
  return ApiSchema({ title } as object);
}
