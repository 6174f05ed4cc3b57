import { ApiParam } from '@nestjs/swagger';
import { MAX_ID_LENGTH } from '../conversation-id.js';

/** Documents the path parameter `id` of the routes of a conversation. */
export function ApiConversationId(): ClassDecorator & MethodDecorator {
  return ApiParam({
    name: 'id',
    description: "The caller's id of the conversation, percent-encoded; without control characters",
    schema: { type: 'string', minLength: 1, maxLength: MAX_ID_LENGTH, example: 'demo' },
  });
}
