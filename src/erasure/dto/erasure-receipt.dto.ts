import { ApiProperty } from '@nestjs/swagger';
import { SchemaTitle } from '../../common/openapi/schema-title.decorator.js';
import type { ErasureReceipt } from '../erasure.service.js';

/** What was erased. */
@SchemaTitle('ErasureReceipt')
export class ErasureReceiptDto {
  @ApiProperty({ description: 'Of the conversation', example: 'demo' })
  id!: string;

  @ApiProperty({
    type: 'string',
    format: 'date-time',
    description: 'From then on, every request for the conversation is a 410',
  })
  erased_at!: string;

  @ApiProperty({ type: 'integer', description: 'How many events the log had', example: 12 })
  events!: number;

  @ApiProperty({
    type: 'integer',
    description: 'How many compactions and withdrawals it had, active or not',
    example: 1,
  })
  compactions!: number;

  @ApiProperty({
    type: 'integer',
    description: 'Of the stored texts of these events and compactions, in UTF-8',
    example: 4096,
  })
  bytes!: number;

  @ApiProperty({
    description:
      'SHA-256 in hexadecimal digits: the stored text of each event, by seq, then the replacement of each compaction, by version, each followed by a line feed',
    example: 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855',
  })
  digest!: string;
}

export function erasureReceiptDto(receipt: ErasureReceipt): ErasureReceiptDto {
  const { id, erasedAt, events, compactions, bytes, digest } = receipt;
  return { id, erased_at: erasedAt.toISOString(), events, compactions, bytes, digest };
}
