import { ApiProperty } from '@nestjs/swagger';
import { IsDefined } from 'class-validator';
import type { RawJson } from '../../common/http/body/raw-json.js';
import { Verbatim } from '../../common/http/validation/field-validator.js';
import { MetadataPatchValidator } from '../settings-validators.js';
import type { BodyExamples } from '../../common/http/validation/validated-params.decorators.js';
import { SchemaTitle } from '../../common/openapi/schema-title.decorator.js';

@SchemaTitle('MetadataPatch')
export class PatchMetadataDto {
  @ApiProperty({
    type: 'object',
    additionalProperties: true,
    description: 'Merged shallowly; a key set to null is removed',
  })
  @IsDefined({ message: 'is required' })
  @Verbatim(MetadataPatchValidator)
  metadata!: RawJson;
}

export const METADATA_EXAMPLES: BodyExamples = {
  merge: {
    summary: 'Set one key and remove another',
    value: { metadata: { title: 'Deployment', user: null } },
  },
};
