import { AppError } from '../common/errors/app-error.js';
import { UnavailableError } from '../common/errors/common.errors.js';

/** A GET of the stream that asks neither for a websocket nor for server-sent events. */
export class UpgradeRequiredError extends AppError {
  readonly status = 426;
  readonly error = 'upgrade_required';
  constructor() {
    super('Connect with a websocket, or send "Accept: text/event-stream" for server-sent events');
  }
}

/** The node has as many streams as its configuration allows. */
export class TooManyStreamsError extends UnavailableError {
  constructor(limit: number) {
    super(`This node has reached its limit of ${limit} streams; retry in a moment, or use another node`);
  }
}
