import {
  CompactionService,
  ConversationId,
  ConversationsService,
  EventsService,
  WindowService,
  jsonValue,
} from '@fastpaca/server';
import { Injectable } from '@nestjs/common';
import { TicketClosedError } from './ticket-closed.error.js';
import { TicketMetrics } from './ticket-metrics.js';

/** A message of a ticket as the model sees it. */
export interface TicketMessage {
  role: string;
  text: string;
}

/** Keeps each ticket as one conversation, in the namespace of its tenant. */
@Injectable()
export class TicketsService {
  constructor(
    private readonly conversations: ConversationsService,
    private readonly events: EventsService,
    private readonly windows: WindowService,
    private readonly compactions: CompactionService,
    private readonly metrics: TicketMetrics,
  ) {}

  /** @throws VersionMismatchError (409) the ticket has messages already */
  async open(tenant: string, number: number, text: string): Promise<{ tokens: number }> {
    const id = ticketId(tenant, number);
    await this.conversations.put(id, {
      tokenBudget: 8000,
      policy: { strategy: 'roles', config: { roles: ['user', 'assistant'] } },
      metadata: { closed: false },
    });
    const { events } = await this.events.append(id, {
      events: [{ role: 'user', content: text }],
      ifVersion: 0, // only the first message opens a ticket
    });
    this.metrics.opened.inc();
    return { tokens: events.reduce((sum, { tokenEstimate }) => sum + tokenEstimate, 0) };
  }

  /** @throws ConversationNotFoundError (404) */
  async messages(tenant: string, number: number): Promise<TicketMessage[]> {
    const { messages } = await this.windows.read(ticketId(tenant, number), { budgetTokens: 4000 });
    return messages.map(({ role, parts }) => ({
      role,
      text: parts.map(({ text }) => (typeof text === 'string' ? text : '')).join(''),
    }));
  }

  /**
   * Replaces the messages of the ticket by its resolution, for the model. The log keeps them.
   *
   * @throws ConversationNotFoundError (404), TicketClosedError (409)
   */
  async close(tenant: string, number: number, resolution: string): Promise<void> {
    const id = ticketId(tenant, number);
    const { metadata, lastSeq, version } = await this.conversations.get(id);
    const { closed } = jsonValue(metadata) as { closed: boolean };
    if (closed) throw new TicketClosedError(`Ticket ${number} is closed`);
    await this.compactions.compact(id, {
      fromSeq: 1,
      toSeq: lastSeq,
      replacement: [{ role: 'system', content: resolution }],
      ifVersion: version,
    });
    await this.conversations.patchMetadata(id, { closed: true });
  }
}

/** The conversation that holds a ticket. */
export function ticketId(tenant: string, number: number): ConversationId {
  return new ConversationId(tenant, `ticket-${number}`);
}
