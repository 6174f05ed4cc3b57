import { Module, type DynamicModule, type FactoryProvider, type ModuleMetadata } from '@nestjs/common';
import { AppConfig } from './app-config.js';

/** Builds the configuration from providers of the application, for example from its own configuration service. */
export interface ConfigFactory {
  /** Modules that export the providers in `inject`. */
  imports?: ModuleMetadata['imports'];
  inject?: FactoryProvider['inject'];
  // eslint-disable-next-line @typescript-eslint/no-explicit-any -- as in Nest's `FactoryProvider`
  useFactory: (...injected: any[]) => AppConfig | Promise<AppConfig>;
}

/** Provides the one `AppConfig` to every module. */
@Module({})
export class ConfigModule {
  static forRoot(config: AppConfig): DynamicModule {
    return this.forRootAsync({ useFactory: () => config });
  }

  static forRootAsync({ imports = [], inject = [], useFactory }: ConfigFactory): DynamicModule {
    return {
      module: ConfigModule,
      global: true,
      imports,
      providers: [{ provide: AppConfig, inject, useFactory }],
      exports: [AppConfig],
    };
  }
}
