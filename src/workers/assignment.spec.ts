import { describe, expect, it } from '@jest/globals';
import { AppConfig } from '../config/app-config.js';
import { takeAssignment, toEnvironment, workerConfig, type Assignment } from './assignment.js';

const ASSIGNMENT: Assignment = {
  port: 4711,
  databaseUrl: 'postgresql://h/d',
  nodeName: 'one',
  migrates: false,
};

describe('the assignment of a worker', () => {
  it('passes through the environment, from which the worker removes it', () => {
    const environment = { PATH: '/bin', ...toEnvironment(ASSIGNMENT) };
    expect(AppConfig.fromEnvironment(environment)).toBeDefined(); // it is no unknown variable
    expect(takeAssignment(environment)).toEqual(ASSIGNMENT);
    expect(environment).toEqual({ PATH: '/bin' });
    expect(takeAssignment(environment)).toBeUndefined();
  });
});

describe('the configuration of a worker', () => {
  const nodeConfig = (env: Record<string, string>) =>
    AppConfig.fromEnvironment({ FASTPACA_WORKERS: '4', PORT: '0', ...env });

  it('has what the parent has decided', () => {
    const config = workerConfig(nodeConfig({}), ASSIGNMENT);
    expect(config).toMatchObject({
      port: 4711,
      databaseUrl: 'postgresql://h/d',
      nodeName: 'one',
      workers: 1,
      migrateOnBoot: false,
    });
  });

  it('migrates only if the parent and MIGRATE_ON_BOOT allow it', () => {
    const migrates = (MIGRATE_ON_BOOT: string, allowed: boolean) =>
      workerConfig(nodeConfig({ MIGRATE_ON_BOOT }), { ...ASSIGNMENT, migrates: allowed }).migrateOnBoot;
    expect([migrates('true', true), migrates('true', false)]).toEqual([true, false]);
    expect([migrates('false', true), migrates('false', false)]).toEqual([false, false]);
  });

  it('has its part of the limits on what is in flight, and all of the limits of a request and of the caches', () => {
    const whole = nodeConfig({});
    const { poolSize, uploadBytes, appendQueueLimit, streamMaxConnections, ...rest } = workerConfig(
      whole,
      ASSIGNMENT,
    );
    expect({ poolSize, uploadBytes, appendQueueLimit, streamMaxConnections }).toEqual({
      poolSize: 4,
      uploadBytes: 64 * 1024 * 1024,
      appendQueueLimit: 2500,
      streamMaxConnections: 128,
    });
    const { cacheBytes, bodyLimitBytes, windowLimitBytes, requestTimeoutMs } = whole;
    expect(rest).toMatchObject({ cacheBytes, bodyLimitBytes, windowLimitBytes, requestTimeoutMs });
  });

  it('rounds its part up, and has at least two database connections', () => {
    const config = workerConfig(
      nodeConfig({
        FASTPACA_POOL_SIZE: '3',
        FASTPACA_APPEND_QUEUE_LIMIT: '1',
        FASTPACA_STREAM_MAX_CONNECTIONS: '0',
      }),
      ASSIGNMENT,
    );
    expect([config.poolSize, config.appendQueueLimit, config.streamMaxConnections]).toEqual([2, 1, 0]);
    expect(workerConfig(nodeConfig({ FASTPACA_POOL_SIZE: '17' }), ASSIGNMENT).poolSize).toBe(5);
  });

  it('stops before the time limit of the parent', () => {
    expect(workerConfig(nodeConfig({}), ASSIGNMENT).shutdownTimeoutMs).toBe(9000);
  });
});
