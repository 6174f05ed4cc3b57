import { TcpProxy } from './tcp-proxy.js';
import { createTestDatabase, type TestDatabase } from './test-database.js';
import { TestService } from './test-service.js';

/** A service with a TCP proxy between it and its database. */
export class ProxiedService {
  private constructor(
    readonly database: TestDatabase,
    readonly proxy: TcpProxy,
    readonly service: TestService,
  ) {}

  static async start(env: Record<string, string> = {}): Promise<ProxiedService> {
    const database = await createTestDatabase();
    const proxy = await TcpProxy.start(database.url);
    const service = await TestService.start({
      database: { ...database, url: proxy.through(database.url) },
      env,
    });
    return new ProxiedService(database, proxy, service);
  }

  async stop(): Promise<void> {
    await this.proxy.restore();
    await this.service.stop();
    await this.proxy.stop();
    await this.database.drop();
  }
}
