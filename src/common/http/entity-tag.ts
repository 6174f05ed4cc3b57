import { HttpStatus } from '@nestjs/common';
import type { FastifyReply } from 'fastify';

/** Sets `ETag`. If `If-None-Match` matches, also sets the status 304 and returns true: the response needs no body. */
export function isUnmodified(reply: FastifyReply, ifNoneMatch: string | undefined, tag: string): boolean {
  reply.header('etag', tag);
  if (!matches(ifNoneMatch, tag)) return false;
  reply.code(HttpStatus.NOT_MODIFIED);
  return true;
}

/** The weak comparison, in which `W/"a"` matches `"a"`: https://www.rfc-editor.org/rfc/rfc9110#section-13.1.2. */
function matches(ifNoneMatch: string | undefined, tag: string): boolean {
  if (ifNoneMatch === undefined) return false;
  return ifNoneMatch.split(',').some((each) => ['*', tag, `W/${tag}`].includes(each.trim()));
}
