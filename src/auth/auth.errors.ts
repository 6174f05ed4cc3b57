import { HttpStatus } from '@nestjs/common';
import { AppError } from '../common/errors/app-error.js';

/** The service has no API key, and `Host` is a name that a web page could have pointed at this machine. */
export class HostNotAllowedError extends AppError {
  readonly status = HttpStatus.FORBIDDEN;
  readonly error = 'forbidden';
  constructor() {
    super(
      'Without an API key the service answers only under localhost, a loopback address, HOST and FASTPACA_ALLOWED_HOSTS, ' +
        'and the "Host" of this request is none of them',
    );
  }
}

/** The request comes from a web page that may not use the service. */
export class OriginNotAllowedError extends AppError {
  readonly status = HttpStatus.FORBIDDEN;
  readonly error = 'forbidden';
  constructor() {
    super(
      'Web pages of the "Origin" of this request may not use the service; FASTPACA_ALLOWED_ORIGINS lists those that may',
    );
  }
}
