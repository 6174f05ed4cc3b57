import { sameInputs, type CachedWindow, type WindowInputs } from './cached-window.js';

/** The windows that are being built. A reader that needs the same window waits for the build in flight. */
export class SharedBuilds {
  private builds = new Map<string, { inputs: WindowInputs; window: Promise<CachedWindow> }>();

  /** The build in flight for this key and these inputs. Never stale: the reader has just read the inputs. */
  find(key: string, inputs: WindowInputs): Promise<CachedWindow> | undefined {
    const build = this.builds.get(key);
    return build && sameInputs(build.inputs, inputs) ? build.window : undefined;
  }

  /** Offers a build until it settles. */
  add(key: string, inputs: WindowInputs, window: Promise<CachedWindow>): void {
    const build = { inputs, window };
    this.builds.set(key, build);
    const remove = () => {
      if (this.builds.get(key) === build) this.builds.delete(key);
      // V8 keeps the deleted entries of a map that is used for a long time: see `BoundedCache`.
      if (this.builds.size === 0) this.builds = new Map();
    };
    window.then(remove, remove);
  }
}
