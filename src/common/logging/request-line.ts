import { isoTime } from './iso-time.js';
import type { RequestFields } from './request-context.js';

/** A request that has been answered. */
export interface AnsweredRequest {
  method: string;
  /** Pattern of the route, never its path, which contains ids. */
  route: string;
  status: number;
  durationMs: number;
}

/**
 * The log line of a request, as pino writes it. Its text is made when the line is written, together with those of many others: that
 * takes a third of the time.
 */
export class RequestLine {
  private readonly time = Date.now();

  constructor(
    readonly level: 'debug' | 'info' | 'error',
    private readonly fields: RequestFields,
    private readonly answered: AnsweredRequest,
    private readonly pid: number | undefined,
  ) {}

  /** JSON text, with a line feed. */
  toString(): string {
    const { request_id, conversation_id, seq } = this.fields;
    const { method, route, status, durationMs } = this.answered;
    const id = conversation_id === undefined ? '' : `,"conversation_id":${JSON.stringify(conversation_id)}`;
    const ofProcess = this.pid === undefined ? '' : `,"pid":${this.pid}`;
    const ofTurn = seq === undefined ? '' : `,"seq":${seq}`;
    const duration = Math.round(durationMs * 100) / 100;
    return (
      `{"level":"${this.level}","time":"${isoTime(this.time)}"${ofProcess},"request_id":${JSON.stringify(request_id)}${id}${ofTurn},` +
      `"method":"${method}","route":${JSON.stringify(route)},"status":${status},"duration_ms":${duration},"msg":"request"}\n`
    );
  }
}
