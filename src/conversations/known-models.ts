import { Injectable } from '@nestjs/common';
import type { ConversationId } from '../common/conversation-id.js';
import { ConversationCaches, type ConversationCache } from './conversation-caches.js';

/** Memory for the models of conversations, in bytes: about 10,000 of them. */
const MAX_BYTES = 4 * 1024 * 1024;
/** About what an entry takes beside its texts, in bytes. */
const ENTRY_OVERHEAD_BYTES = 100;

/**
 * The models of conversations that this node has read or written lately, so that an append counts tokens without reading the record
 * first. A hint: another node may have set another model since. The statement that writes checks the model.
 */
@Injectable()
export class KnownModels {
  private readonly models: ConversationCache<string | null>;

  constructor(caches: ConversationCaches) {
    this.models = caches.create(MAX_BYTES);
  }

  /** Null if the conversation has no model, or is not known. */
  get(id: ConversationId): string | null {
    return this.models.get(id) ?? null;
  }

  set(id: ConversationId, model: string | null): void {
    // Most conversations have no model: they take no memory.
    if (this.get(id) === model) return;
    const bytes = ENTRY_OVERHEAD_BYTES + 2 * (id.key.length + (model?.length ?? 0));
    this.models.set(id, '', model, bytes);
  }
}
