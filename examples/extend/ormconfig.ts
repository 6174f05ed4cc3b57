import 'reflect-metadata';
import { DataSource } from 'typeorm';
import { dataSourceOptions } from './src/activity/data-source.js';

/** For the command line of TypeORM: `npx typeorm -d dist/ormconfig.js migration:generate …`. */
export default new DataSource(dataSourceOptions(process.env.DATABASE_URL ?? ''));
