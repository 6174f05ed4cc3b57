import type { AppConfig } from '../config/app-config.js';
import { createApp, type Additions } from '../create-app.js';
import { Metrics } from '../metrics/metrics.js';
import { Service } from '../service.js';
import { workerConfig } from './assignment.js';
import type { MetricValues } from './messages.js';
import type { ParentLink } from './parent-link.js';

/**
 * Starts the service in a worker. Resolves when the worker accepts requests.
 *
 * @throws ListenError, UndeclaredScopeError
 */
export async function startWorker(
  parent: ParentLink,
  nodeConfig: AppConfig,
  additions: Additions,
): Promise<Service> {
  const config = workerConfig(nodeConfig, parent.assignment);
  const app = await createApp(config, additions);
  await parent.prepared();
  const service = await Service.listen(app, config);
  const metrics = app.get(Metrics);
  metrics.read = () => parent.readMetrics();
  parent.onCollect(() => metrics.registry.getMetricsAsJSON() as unknown as Promise<MetricValues[]>);
  await parent.listening(service);
  return service;
}
