import { Body, Catch, Controller, Get, Param, ParseIntPipe, Post } from '@nestjs/common';
import type { ArgumentsHost, ExceptionFilter } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import { IsInt, IsString } from 'class-validator';

export class OrderDto {
  @IsString()
  item!: string;

  @IsInt()
  count!: number;
}

/** A route of the host. It needs no scope, and keeps the pipes and filters of the host. */
@Controller({ path: 'orders', version: '2' })
export class OrdersController {
  @Post()
  create(@Body() order: OrderDto): OrderDto {
    return order;
  }

  @Get(':number')
  read(@Param('number', ParseIntPipe) number: number): never {
    throw new SoldOutError(`Order ${number} is sold out`);
  }
}

export class SoldOutError extends Error {}

@Catch(SoldOutError)
export class SoldOutFilter implements ExceptionFilter {
  constructor(private readonly adapterHost: HttpAdapterHost) {}

  catch({ message }: SoldOutError, host: ArgumentsHost): void {
    const response: unknown = host.switchToHttp().getResponse();
    this.adapterHost.httpAdapter.reply(response, { soldOut: message }, 410);
  }
}
