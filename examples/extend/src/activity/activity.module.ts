import { AppConfig } from '@fastpaca/server';
import { Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import type { DataSourceOptions } from 'typeorm';
import { Activity } from './activity.entity.js';
import { ActivityRecorder } from './activity.recorder.js';
import { connect, dataSourceOptions } from './data-source.js';

@Module({
  imports: [
    TypeOrmModule.forRootAsync({
      inject: [AppConfig],
      // The embedded database has a URL, too. Its password is in that URL.
      useFactory: (config: AppConfig) => dataSourceOptions(config.databaseUrl!),
      dataSourceFactory: (options) => connect(options as DataSourceOptions),
    }),
    TypeOrmModule.forFeature([Activity]),
  ],
  providers: [ActivityRecorder],
})
export class ActivityModule {}
