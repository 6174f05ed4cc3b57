import { AppError } from '@fastpaca/server';
import { HttpStatus } from '@nestjs/common';

/** The ticket is closed already. */
export class TicketClosedError extends AppError {
  readonly status = HttpStatus.CONFLICT;
  readonly error = 'ticket_closed';
}
