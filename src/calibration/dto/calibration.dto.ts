import { ApiProperty } from '@nestjs/swagger';
import { SchemaTitle } from '../../common/openapi/schema-title.decorator.js';
import type { Calibration } from '../calibration.js';

/** What usage reports have taught about a model. */
@SchemaTitle('Calibration')
export class CalibrationDto {
  @ApiProperty({ description: 'As conversations name it', example: 'claude-opus-5' })
  model!: string;

  @ApiProperty({
    description: "The provider's tokens per token of this service, a multiple of 0.01; 1 until it is learned",
    example: 1.13,
  })
  factor!: number;

  @ApiProperty({ type: 'integer', description: 'How many reports were counted', example: 42 })
  reports!: number;

  @ApiProperty({ type: 'string', format: 'date-time', description: 'Time of the last report' })
  updated_at!: string;
}

@SchemaTitle('Calibrations')
export class CalibrationsDto {
  @ApiProperty({ type: [CalibrationDto], description: 'By model; at most 1,000' })
  calibrations!: CalibrationDto[];
}

export function calibrationsDto(calibrations: readonly Calibration[]): CalibrationsDto {
  return {
    calibrations: calibrations.map(({ model, factor, reports, updatedAt }) => ({
      model,
      factor,
      reports,
      updated_at: updatedAt.toISOString(),
    })),
  };
}
