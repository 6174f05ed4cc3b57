import { CurrentPrincipal, RequireScope, type Principal } from '@fastpaca/server';
import { Body, Controller, Get, HttpCode, Param, ParseIntPipe, Post } from '@nestjs/common';
import { UsePipes, ValidationPipe } from '@nestjs/common';
import { CloseTicketDto, OpenTicketDto } from './ticket.dto.js';
import { TicketsService, type TicketMessage } from './tickets.service.js';

@Controller('tickets')
@RequireScope('tickets:write')
@UsePipes(new ValidationPipe({ whitelist: true, forbidNonWhitelisted: true, transform: true }))
export class TicketsController {
  constructor(private readonly tickets: TicketsService) {}

  @Post()
  open(
    @CurrentPrincipal() { namespace }: Principal,
    @Body() { number, text }: OpenTicketDto,
  ): Promise<{ tokens: number }> {
    return this.tickets.open(namespace, number, text);
  }

  @Get(':number/messages')
  @RequireScope('tickets:read') // in place of the scope of the controller
  messages(
    @CurrentPrincipal() { namespace }: Principal,
    @Param('number', ParseIntPipe) number: number,
  ): Promise<TicketMessage[]> {
    return this.tickets.messages(namespace, number);
  }

  @Post(':number/close')
  @HttpCode(204)
  close(
    @CurrentPrincipal() { namespace }: Principal,
    @Param('number', ParseIntPipe) number: number,
    @Body() { resolution }: CloseTicketDto,
  ): Promise<void> {
    return this.tickets.close(namespace, number, resolution);
  }
}
