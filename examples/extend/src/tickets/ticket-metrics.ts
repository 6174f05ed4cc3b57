import { Metrics } from '@fastpaca/server';
import { Injectable } from '@nestjs/common';
import { Counter } from 'prom-client';

@Injectable()
export class TicketMetrics {
  readonly opened: Counter;

  constructor({ registry }: Metrics) {
    this.opened = new Counter({
      name: 'acme_tickets_opened_total',
      help: 'Tickets that were opened',
      registers: [registry],
    });
  }
}
