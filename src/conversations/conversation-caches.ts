import { Injectable } from '@nestjs/common';
import { BoundedCache } from '../common/bounded-cache.js';
import type { ConversationId } from '../common/conversation-id.js';

/** Ends the key of the conversation in a key of a cache. That key is JSON, which has no line breaks. */
const SEPARATOR = '\n';

/** What a node keeps of conversations, bounded by bytes. Several values of a conversation differ in their `variant`. */
export class ConversationCache<Value> {
  private readonly cache: BoundedCache<Value>;

  /** @param maxBytes see `BoundedCache` */
  constructor(maxBytes: number) {
    this.cache = new BoundedCache(maxBytes);
  }

  get({ key }: ConversationId, variant = ''): Value | undefined {
    return this.cache.get(key + SEPARATOR + variant);
  }

  /** @param bytes see `BoundedCache.set` */
  set({ key }: ConversationId, variant: string, value: Value, bytes: number): void {
    this.cache.set(key + SEPARATOR + variant, value, bytes);
  }

  /** Drops what it has of these conversations. */
  forget(keys: ReadonlySet<string>): void {
    this.cache.deleteWhere((key) => keys.has(key.slice(0, key.indexOf(SEPARATOR))));
  }
}

/**
 * Makes the caches of this node that hold something of a conversation. They all forget the conversations that were erased, so no
 * such cache is made in another way.
 */
@Injectable()
export class ConversationCaches {
  private readonly caches: ConversationCache<unknown>[] = [];

  create<Value>(maxBytes: number): ConversationCache<Value> {
    const cache = new ConversationCache<Value>(maxBytes);
    this.caches.push(cache);
    return cache;
  }

  /** @param keys of the conversations */
  forget(keys: ReadonlySet<string>): void {
    for (const cache of this.caches) cache.forget(keys);
  }
}
