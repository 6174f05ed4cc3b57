import { useEffect, useState } from 'react';
import type { Gauge } from '../chat.ts';
import { loadGauge } from './api.ts';

/** How much of its token budget the window of the conversation uses. */
export function TokenGauge({ id, isAnswering }: { id: string; isAnswering: boolean }) {
  const [gauge, setGauge] = useState<Gauge>();
  useEffect(() => {
    if (!isAnswering) void loadGauge(id).then(setGauge, () => setGauge(undefined));
  }, [id, isAnswering]);
  return (
    <div className="budget">
      <label htmlFor="gauge">Tokens the model sees</label>
      <meter
        id="gauge"
        value={gauge?.usedTokens ?? 0}
        high={(gauge?.budgetTokens ?? 1) * 0.7}
        max={gauge?.budgetTokens ?? 1}
      />
      <output id="figures" htmlFor="gauge">
        {gauge ? describe(gauge) : '–'}
      </output>
    </div>
  );
}

function describe({ usedTokens, budgetTokens, messages, needsCompaction }: Gauge): string {
  const [used, budget] = [usedTokens, budgetTokens].map((tokens) => tokens.toLocaleString('en'));
  return `${used} of ${budget}, ${messages} messages${needsCompaction ? ', time to compact' : ''}`;
}
