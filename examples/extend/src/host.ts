import { useFastpaca } from '@fastpaca/server';
import { ConsoleLogger, Logger, ValidationPipe, VersioningType } from '@nestjs/common';
import { HttpAdapterHost, NestFactory } from '@nestjs/core';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import { DocumentBuilder, SwaggerModule } from '@nestjs/swagger';
import { HostModule } from './host/host.module.js';
import { SoldOutFilter } from './host/orders.controller.js';

const app = await NestFactory.create<NestFastifyApplication>(
  HostModule,
  new FastifyAdapter({ routerOptions: { maxParamLength: 16_384 } }), // long conversation ids
  { logger: new ConsoleLogger({ json: true }) },
);
app.setGlobalPrefix('api');
app.enableVersioning({ type: VersioningType.URI, defaultVersion: '1' });
app.useGlobalPipes(new ValidationPipe({ transform: true }));
app.useGlobalFilters(new SoldOutFilter(app.get(HttpAdapterHost)));
SwaggerModule.setup('docs', app, () =>
  SwaggerModule.createDocument(app, new DocumentBuilder().setTitle('Acme').build()),
);
useFastpaca(app);
app.enableShutdownHooks();
await app.listen(Number(process.env.PORT ?? 3000), '127.0.0.1');
Logger.log(`The application listens on ${await app.getUrl()}`);
