import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { run } from './programs.mjs';

const WAIT_MS = 120_000;
const POLL_MS = 100;
/** Asking podman takes longer than an attempt. */
const ATTEMPTS_PER_CHECK = 20;

/**
 * Images, containers and volumes in a folder of their own. They do not meet those of the machine: the README names the volume
 * "fastpaca_data", which may exist there.
 */
export class Containers {
  /** @param folder for everything; kept between runs, because the base image takes minutes to build */
  constructor(folder) {
    mkdirSync(folder, { recursive: true });
    const [storage, engine] = [join(folder, 'storage.conf'), join(folder, 'containers.conf')];
    const driver = process.env.STORAGE_DRIVER ?? (hasOverlay() ? 'overlay' : 'vfs');
    writeFileSync(storage, storageConfig(folder, driver));
    writeFileSync(engine, engineConfig(folder));
    this.environment = {
      CONTAINERS_STORAGE_CONF: storage,
      CONTAINERS_CONF: engine,
      STORAGE_DRIVER: driver,
      BUILDAH_ISOLATION: 'chroot',
    };
  }

  podman(...args) {
    return run('podman', args, { env: this.environment });
  }

  buildah(...args) {
    return run('buildah', args, { env: this.environment, echo: true });
  }

  /**
   * Builds an image with buildah.
   *
   * @param folder contains the Dockerfile, which takes its base from the argument BASE
   */
  build(image, { folder, base, options = [] }) {
    // Without overlay file systems, each kept layer is a copy of all files.
    const layers = `--layers=${this.environment.STORAGE_DRIVER === 'overlay'}`;
    const inputs = ['--pull-never', '--build-arg', `BASE=${base}`, ...options];
    return this.buildah('bud', layers, ...inputs, '--tag', image, folder);
  }

  /** Runs a command line for Docker, as a page prints it. */
  shell(commandLine) {
    const command = commandLine.replace(/^docker /, 'podman ');
    return run('bash', ['-e', '-c', command], { env: this.environment });
  }

  hasImage(name) {
    return this.podman('image', 'exists', name).then(
      () => true,
      () => false,
    );
  }

  /** Removes everything but images: also what an interrupted build left behind, and the layers of builds a week ago. */
  async removeAll() {
    await this.podman('rm', '--all', '--force', '--volumes', '--time', '5');
    await this.podman('volume', 'rm', '--all', '--force');
    await this.podman('network', 'prune', '--force');
    await this.buildah('rm', '--all');
    await this.podman('image', 'prune', '--force', '--filter', 'until=168h');
  }

  /** @returns the exit code, after SIGTERM or the signal that the image names */
  async stop(container) {
    await this.podman('stop', '--time', '30', container);
    return Number(await this.podman('inspect', '--format', '{{.State.ExitCode}}', container));
  }

  /** Waits until the health check of a container succeeds. */
  untilHealthy(container) {
    return this.until(container, () => this.podman('healthcheck', 'run', container));
  }

  /** Waits until a GET of `url` answers 200. */
  untilOk(container, url) {
    return this.until(container, async () => {
      const response = await fetch(url);
      if (!response.ok) throw new Error(`${url} answered ${response.status}`);
    });
  }

  /** @throws Error with the log of the container if it ends, or if `attempt` still fails after two minutes */
  async until(container, attempt) {
    const end = performance.now() + WAIT_MS;
    for (let count = 1; ; count += 1) {
      const error = await attempt().then(
        () => undefined,
        (failure) => failure,
      );
      if (!error) return;
      const isLate = performance.now() > end;
      if (isLate || (count % ATTEMPTS_PER_CHECK === 0 && !(await this.isRunning(container)))) {
        const log = await this.podman('logs', '--tail', '20', container);
        throw new Error(`${container} is ${isLate ? 'not ready' : 'not running'}: ${error.message}\n${log}`);
      }
      await delay(POLL_MS);
    }
  }

  async isRunning(container) {
    return (await this.podman('inspect', '--format', '{{.State.Running}}', container)) === 'true';
  }
}

/** Whether the kernel has overlay file systems. The driver "vfs" works everywhere, but copies all files for every container. */
function hasOverlay() {
  return /\boverlay$/m.test(readFileSync('/proc/filesystems', 'utf8'));
}

function storageConfig(folder, driver) {
  return `[storage]
driver = "${driver}"
graphroot = "${folder}/${driver}"
runroot = "${folder}/${driver}-run"
`;
}

/** runc, because crun does not support machines with both versions of cgroups. A limit cannot be higher than that of this process. */
function engineConfig(folder) {
  const { soft, hard } = process.report.getReport().userLimits.open_files;
  return `[engine]
runtime = "runc"
cgroup_manager = "cgroupfs"
events_logger = "file"
[containers]
log_driver = "k8s-file"
default_ulimits = ["nofile=${soft}:${hard}", "nproc=4096:4096"]
[network]
network_backend = "netavark"
network_config_dir = "${folder}/networks"
`;
}
