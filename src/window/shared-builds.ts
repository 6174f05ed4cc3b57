import { isSameBasis, type ReadyWindow, type WindowBasis } from './ready-window.js';

/** Windows that are being made, for readers that ask for the same one meanwhile. */
export class SharedBuilds {
  private builds = new Map<string, { basis: WindowBasis; window: Promise<ReadyWindow> }>();

  /** The window of this key and basis, if it is being made. It is as new as the basis, which the reader has just read. */
  find(key: string, basis: WindowBasis): Promise<ReadyWindow> | undefined {
    const build = this.builds.get(key);
    return build && isSameBasis(build.basis, basis) ? build.window : undefined;
  }

  add(key: string, basis: WindowBasis, window: Promise<ReadyWindow>): void {
    const build = { basis, window };
    this.builds.set(key, build);
    const end = () => {
      if (this.builds.get(key) === build) this.builds.delete(key);
      // A map that is added to and deleted from for ever keeps what was in it: see `BoundedCache`.
      if (this.builds.size === 0) this.builds = new Map();
    };
    window.then(end, end);
  }
}
