import { Module } from '@nestjs/common';
import { TicketMetrics } from './ticket-metrics.js';
import { TicketsController } from './tickets.controller.js';
import { TicketsService } from './tickets.service.js';

@Module({ controllers: [TicketsController], providers: [TicketsService, TicketMetrics] })
export class TicketsModule {}
