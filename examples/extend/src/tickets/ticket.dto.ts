import { IsInt, IsPositive, IsString, Length } from 'class-validator';

export class OpenTicketDto {
  @IsInt()
  @IsPositive()
  number!: number;

  @IsString()
  @Length(1, 10_000)
  text!: string;
}

export class CloseTicketDto {
  @IsString()
  @Length(1, 1000)
  resolution!: string;
}
