import { ApiProperty } from '@nestjs/swagger';
import { SchemaTitle } from '../../common/openapi/schema-title.decorator.js';
import type { ConversationPage } from '../conversation-lists.js';
import { ConversationDto, conversationJson } from './conversation.dto.js';

@SchemaTitle('ConversationPage')
export class ConversationPageDto {
  @ApiProperty({ type: [ConversationDto], description: 'The newest first' })
  conversations!: ConversationDto[];

  @ApiProperty({
    type: String,
    nullable: true,
    description: 'Cursor of the next page; null if there is none',
  })
  next_cursor!: string | null;
}

/** `ConversationPageDto` as JSON text. */
export function conversationPageJson({ conversations, nextCursor }: ConversationPage): string {
  return `{"conversations":[${conversations.map(conversationJson).join(',')}],"next_cursor":${JSON.stringify(nextCursor)}}`;
}
