// What the campaign has found: per promise, figures of what was tried, and the evidence against it.

/**
 * The promises of the service, each with the figures that its line shows. A promise whose first figure is missing was
 * not tested.
 */
const PROMISES = {
  durable: {
    says: 'promise 1 (acknowledged appends survive, exactly once)',
    figures: ['acknowledged', 'missing', 'doubled', 'kills', 'failovers', 'connection cuts'],
  },
  ordered: {
    says: 'promise 2 (seqs contiguous, versions only grow, nodes agree)',
    figures: ['logs compared', 'events compared'],
  },
  visible: {
    says: 'promise 3 (reads see acknowledged writes, on any node)',
    figures: ['reads after a write'],
  },
  atomic: {
    says: 'promise 4 (a failed request changes nothing)',
    figures: ['rejected requests', 'requests without an outcome'],
  },
  growth: {
    says: 'promise 5 (cost does not grow with the length of the log)',
    figures: ['costs compared'],
  },
  memory: { says: 'promise 6 (bounded memory)', figures: ['peak MB', 'afterwards MB'] },
  secret: {
    says: 'promise 7 (no text and no key in a log line or a metric)',
    figures: ['log lines searched', 'metrics searched'],
  },
  streams: {
    says: 'streams (every version once, in order, to every reader)',
    figures: ['reconnects', 'versions received'],
  },
  history: {
    says: 'lost history (nodes agree at once with a database that lost events)',
    figures: ['histories lost', 'answers compared with the database'],
  },
  answers: {
    says: 'answers (in time, in the error shape, no 500; health and reads go on)',
    figures: ['answers', 'hostile requests', 'overload requests', 'slowest answer ms', 'slowest health ms'],
  },
  survives: {
    says: 'processes (no node ends by itself; each starts and recovers again)',
    figures: ['node starts', 'exits'],
  },
  campaign: { says: 'campaign (every scenario ran to its end)', figures: ['scenarios'] },
};

/** So much evidence is kept per promise, and so much of it from one place; the rest is counted. */
const KEPT_EVIDENCE = 12;
const KEPT_PER_PLACE = 3;
const MAX_EVIDENCE_LENGTH = 800;

export class Verdict {
  figures = new Map();
  violations = new Map();
  /** Where the campaign is, to go with every piece of evidence. */
  at = '';

  /** @param report called with each piece of evidence that is kept */
  constructor(seed, report = () => undefined) {
    this.seed = seed;
    this.report = report;
  }

  /** The same verdict with a place of its own, for what runs beside something else. */
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
    const place = `seed ${this.seed}, ${this.at}: `;
    const fromHere = found.kept.filter((each) => each.startsWith(place)).length;
    if (found.kept.length >= KEPT_EVIDENCE || fromHere >= KEPT_PER_PLACE) return;
    const full = `${place}${evidence.slice(0, MAX_EVIDENCE_LENGTH)}`;
    found.kept.push(full);
    this.report(`${PROMISES[promise].says}: ${full}`);
  }

  isBroken(promise) {
    return this.violations.has(promise);
  }

  get anyBroken() {
    return this.violations.size > 0;
  }

  /** One line per promise; those that are broken are followed by the evidence. */
  lines() {
    return Object.entries(PROMISES).flatMap(([promise, { says, figures }]) => {
      const facts = figures
        .filter((figure) => this.figures.has(figure))
        .map((figure) => `${this.figures.get(figure).toLocaleString('en')} ${figure}`)
        .join(', ');
      const violation = this.violations.get(promise);
      if (violation) {
        const line = `${says}: BROKEN — ${violation.count.toLocaleString('en')} violations; ${facts}`;
        return [line, ...violation.kept.map((evidence) => `    ${evidence}`)];
      }
      return [`${says}: ${this.figures.has(figures[0]) ? `held — ${facts}` : 'not tested'}`];
    });
  }
}
