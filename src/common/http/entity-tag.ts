import { HttpStatus } from '@nestjs/common';
import type { FastifyReply } from 'fastify';

/** Sends the tag along; true if the client has what it names: then it is told so, 304, and needs no body. */
export function isUnmodified(reply: FastifyReply, ifNoneMatch: string | undefined, tag: string): boolean {
  reply.header('etag', tag);
  if (!namesTag(ifNoneMatch, tag)) return false;
  reply.code(HttpStatus.NOT_MODIFIED);
  return true;
}

/** Weak and strong tags are the same here: https://www.rfc-editor.org/rfc/rfc9110#section-13.1.2. */
function namesTag(ifNoneMatch: string | undefined, tag: string): boolean {
  if (ifNoneMatch === undefined) return false;
  return ifNoneMatch.split(',').some((each) => ['*', tag, `W/${tag}`].includes(each.trim()));
}
