/** One rule of a provider that a prompt breaks. */
export interface Violation {
  /** Where in the prompt, as a JavaScript path: `messages[2].tool_calls[0].id`. Empty for the prompt itself. */
  path: string;
  /** Name of the rule, such as `unanswered-tool-call`. */
  rule: string;
  /** What is wrong, in the words of the provider where they are known. */
  message: string;
}

/** A rule of a provider: what it demands, and where the provider says so. */
export interface Rule {
  demand: string;
  source: string;
}

/** Adds a violation. `detail` says which value is wrong. */
export type Report<Name extends string> = (rule: Name, path: string, detail?: string) => void;

/** Collects the violations of one prompt against the rules of one format. */
export class Violations<Name extends string> {
  readonly list: Violation[] = [];

  constructor(private readonly rules: Record<Name, Rule>) {}

  readonly report: Report<Name> = (rule, path, detail) => {
    const { demand } = this.rules[rule];
    this.list.push({ path, rule, message: detail === undefined ? demand : `${demand}: ${detail}` });
  };
}
