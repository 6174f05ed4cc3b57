import { parser } from '@prometheus-io/lezer-promql';

/** A selector such as `up{job="a"}`. */
export interface Selector {
  metric: string;
  matchers: { label: string; operator: string; value: string }[];
}

/** What an expression of PromQL refers to. */
export interface Expression {
  selectors: Selector[];
  /** Labels in `by (…)`. */
  grouping: string[];
}

/** @throws Error where the expression is not PromQL */
export function parseExpression(text: string): Expression {
  const selectors: Selector[] = [];
  const grouping: string[] = [];
  let label = '';
  let operator = '';
  parser.parse(text).iterate({
    enter({ type, from, to, node }) {
      const part = text.slice(from, to);
      const parent = node.parent?.name;
      if (type.isError) throw new Error(`not PromQL at character ${from}: ${text}`);
      if (type.name === 'VectorSelector') selectors.push({ metric: '', matchers: [] });
      const selector = selectors.at(-1);
      if (type.name === 'Identifier' && parent === 'VectorSelector') selector!.metric = part;
      if (type.name === 'LabelName' && parent === 'GroupingLabels') grouping.push(part);
      if (parent !== 'UnquotedLabelMatcher') return;
      if (type.name === 'LabelName') label = part;
      if (type.name === 'MatchOp') operator = part;
      if (type.name === 'StringLiteral')
        selector!.matchers.push({ label, operator, value: JSON.parse(part) });
    },
  });
  return { selectors, grouping };
}
