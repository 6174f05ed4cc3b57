import { monitorEventLoopDelay } from 'node:perf_hooks';

/**
 * Makes a server of the benchmark report about itself. After the message `watch` it measures stalls of the event loop until
 * the next report, because that takes CPU time. The message `report` receives `longestStallMs`, `residentBytes`, `cpuMicros`.
 */
export function sendReports() {
  let delays;
  process.on('message', (message) => {
    if (message === 'watch') {
      delays ??= monitorEventLoopDelay({ resolution: 1 });
      delays.enable();
      delays.reset();
      process.send({});
      return;
    }
    const { user, system } = process.cpuUsage();
    process.send({
      longestStallMs: (delays?.max ?? 0) / 1e6,
      residentBytes: process.memoryUsage.rss(),
      cpuMicros: user + system,
    });
    delays?.disable();
  });
  process.once('disconnect', () => process.exit(1)); // the benchmark was killed
  process.once('SIGTERM', () => process.exit(0));
}
