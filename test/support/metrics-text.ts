import type { HttpClient } from './http-client.js';

interface Sample {
  name: string;
  labels: Record<string, string>;
  value: number;
}

/** The parsed response of `/metrics`. */
export interface MetricsReading {
  text: string;
  /** Name → `counter`, `gauge` or `histogram`. */
  types: Map<string, string>;
  samples: Sample[];
  /** The sum of the samples with this name and these labels; 0 if no sample matches. */
  value(name: string, labels?: Record<string, string>): number;
}

export async function readMetrics(service: { http: HttpClient }): Promise<MetricsReading> {
  const { text } = await service.http.request('GET', '/metrics');
  const types = new Map<string, string>();
  const samples: Sample[] = [];
  for (const line of text.split('\n')) {
    const [, name, type] = /^# TYPE (\S+) (\S+)$/.exec(line) ?? [];
    if (name && type) types.set(name, type);
    const sample = /^(\w+)(?:\{(.*)\})? (\S+)$/.exec(line);
    if (!sample) continue;
    const labels = [...(sample[2] ?? '').matchAll(/(\w+)="((?:[^"\\]|\\.)*)"/g)].map(([, label, value]) => [
      label,
      value,
    ]);
    samples.push({ name: sample[1]!, labels: Object.fromEntries(labels), value: Number(sample[3]) });
  }
  return {
    text,
    types,
    samples,
    value: (name, wanted = {}) =>
      samples
        .filter((each) => each.name === name)
        .filter(({ labels }) => Object.entries(wanted).every(([label, value]) => labels[label] === value))
        .reduce((sum, { value }) => sum + value, 0),
  };
}
