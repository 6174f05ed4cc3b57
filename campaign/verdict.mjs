// The results of the campaign: per promise, figures about its tests and the evidence of violations.

/**
 * The promises of the service, each with the figures that its line shows. A promise whose first figure is missing was
 * not tested.
 */
const PROMISES = {
  durable: {
    title: 'promise 1 (acknowledged appends survive, exactly once)',
    figures: [
      'acknowledged',
      'missing',
      'doubled',
      'kills',
      'workers killed',
      'failovers',
      'connection cuts',
    ],
  },
  ordered: {
    title: 'promise 2 (seqs contiguous, versions only grow, nodes agree)',
    figures: ['logs compared', 'events compared'],
  },
  visible: {
    title: 'promise 3 (reads see acknowledged writes, on any node)',
    figures: ['reads after a write'],
  },
  atomic: {
    title: 'promise 4 (a failed request changes nothing)',
    figures: ['rejected requests', 'requests without an outcome'],
  },
  growth: {
    title: 'promise 5 (cost does not grow with the length of the log)',
    figures: ['costs compared'],
  },
  memory: { title: 'promise 6 (bounded memory)', figures: ['peak MB', 'afterwards MB'] },
  secret: {
    title: 'promise 7 (no text and no key in a log line or a metric)',
    figures: ['log lines searched', 'metrics searched'],
  },
  streams: {
    title: 'streams (every version once, in order, to every reader)',
    figures: ['reconnects', 'versions received'],
  },
  history: {
    title: 'lost history (nodes agree at once with a database that lost events)',
    figures: ['histories lost', 'responses compared with the database'],
  },
  responses: {
    title: 'responses (in time, in the error shape, no 500; health and reads go on)',
    figures: [
      'responses',
      'hostile requests',
      'overload requests',
      'slowest response ms',
      'slowest health ms',
    ],
  },
  survives: {
    title: 'processes (no node exits on its own; each one starts and recovers)',
    figures: ['node starts', 'exits'],
  },
  campaign: { title: 'campaign (every scenario ran to its end)', figures: ['scenarios'] },
};

/** Violations whose evidence is kept, per promise and per step of the campaign. Further violations are only counted. */
const KEPT_EVIDENCE = 12;
const KEPT_PER_STEP = 3;
const MAX_EVIDENCE_LENGTH = 800;

export class Verdict {
  figures = new Map();
  violations = new Map();
  /** The current step of the campaign. It is part of all evidence. */
  at = '';

  /** @param report called with all evidence that is kept */
  constructor(seed, report = () => undefined) {
    this.seed = seed;
    this.report = report;
  }

  /** The same verdict with its own `at`, for a service that is tested in parallel. */
  fork() {
    return Object.create(this);
  }

  count(figure, by = 1) {
    this.figures.set(figure, (this.figures.get(figure) ?? 0) + by);
  }

  /** Keeps the largest value seen. */
  highest(figure, value) {
    this.figures.set(figure, Math.max(this.figures.get(figure) ?? 0, Math.round(value)));
  }

  /** Records evidence against a promise. */
  broken(promise, evidence) {
    const found = this.violations.get(promise) ?? { count: 0, kept: [] };
    this.violations.set(promise, found);
    found.count += 1;
    const step = `seed ${this.seed}, ${this.at}: `;
    const fromHere = found.kept.filter((each) => each.startsWith(step)).length;
    if (found.kept.length >= KEPT_EVIDENCE || fromHere >= KEPT_PER_STEP) return;
    const full = `${step}${evidence.slice(0, MAX_EVIDENCE_LENGTH)}`;
    found.kept.push(full);
    this.report(`${PROMISES[promise].title}: ${full}`);
  }

  isBroken(promise) {
    return this.violations.has(promise);
  }

  get anyBroken() {
    return this.violations.size > 0;
  }

  /** One line per promise. The line of a broken promise is followed by its evidence. */
  lines() {
    return Object.entries(PROMISES).flatMap(([promise, { title, figures }]) => {
      const facts = figures
        .filter((figure) => this.figures.has(figure))
        .map((figure) => `${this.figures.get(figure).toLocaleString('en')} ${figure}`)
        .join(', ');
      const violation = this.violations.get(promise);
      if (violation) {
        const line = `${title}: BROKEN — ${violation.count.toLocaleString('en')} violations; ${facts}`;
        return [line, ...violation.kept.map((evidence) => `    ${evidence}`)];
      }
      return [`${title}: ${this.figures.has(figures[0]) ? `held — ${facts}` : 'not tested'}`];
    });
  }
}
