/** @file What a server counts, as Prometheus reads it (text format 0.0.4). */

/** By name: what is counted, by which labels. */
const COUNTERS = {
  retort_requests_total: { help: 'Requests by path and status.', labels: ['path', 'status'] },
  retort_answers_total: { help: 'Decisions by who made them.', labels: ['source'] },
  retort_upstream_total: {
    help: 'Replies of upstream about the question that is served, by status.',
    labels: ['status'],
  },
  retort_compared_total: { help: 'Requests by whether student and upstream agree.', labels: ['result'] },
  retort_audited_total: { help: 'Audited requests.', labels: ['part', 'result'] },
} as const satisfies Readonly<Record<string, { readonly help: string; readonly labels: readonly string[] }>>;
type CounterName = keyof typeof COUNTERS;

/** Told by others when they are read. */
const READINGS = {
  retort_batches_total: { type: 'counter', help: 'Inference calls of the student.' },
  retort_rows_total: { type: 'counter', help: 'Texts in inference calls.' },
  retort_waiting_rows: { type: 'gauge', help: 'Texts that wait for an inference call.' },
  retort_up: { type: 'gauge', help: 'Whether requests are taken.' },
  retort_student_answers: {
    type: 'gauge',
    help: 'Whether the student answers: 0 in shadow mode, and once it is stopped.',
  },
} as const;
export type ReadingName = keyof typeof READINGS;

/** Upper ends of the classes, in seconds. */
const LATENCIES = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];
const LATENCY = 'retort_request_seconds';

export class Metrics {
  /** By name, and then by the values of the labels as they are written. */
  readonly #counts = new Map<CounterName, Map<string, number>>();
  readonly #classes = LATENCIES.map(() => 0);
  #latencies = 0;
  #seconds = 0;

  /** @param values of the counter's labels, in their order */
  count(name: CounterName, values: readonly (string | number)[] = [], by = 1): void {
    const { labels } = COUNTERS[name];
    const key = labels.map((label, i) => `${label}="${values[i]}"`).join(',');
    const counts = this.#counts.get(name) ?? new Map<string, number>();
    counts.set(key, (counts.get(key) ?? 0) + by);
    this.#counts.set(name, counts);
  }

  took(seconds: number): void {
    this.#latencies += 1;
    this.#seconds += seconds;
    const place = LATENCIES.findIndex((end) => seconds <= end);
    if (place >= 0) this.#classes[place] = (this.#classes[place] as number) + 1;
  }

  /** All that was counted, and how things stand now. */
  text(readings: Readonly<Record<ReadingName, number>>): string {
    const lines: string[] = [];
    for (const [name, { help }] of Object.entries(COUNTERS)) {
      lines.push(`# HELP ${name} ${help}`, `# TYPE ${name} counter`);
      for (const [key, value] of this.#counts.get(name as CounterName) ?? []) {
        lines.push(`${name}${key === '' ? '' : `{${key}}`} ${value}`);
      }
    }
    for (const [name, { type, help }] of Object.entries(READINGS)) {
      const value = readings[name as ReadingName];
      lines.push(`# HELP ${name} ${help}`, `# TYPE ${name} ${type}`, `${name} ${value}`);
    }
    lines.push(`# HELP ${LATENCY} From the request's head to the reply.`, `# TYPE ${LATENCY} histogram`);
    let sum = 0;
    for (const [i, end] of LATENCIES.entries()) {
      sum += this.#classes[i] as number;
      lines.push(`${LATENCY}_bucket{le="${end}"} ${sum}`);
    }
    lines.push(`${LATENCY}_bucket{le="+Inf"} ${this.#latencies}`);
    lines.push(`${LATENCY}_sum ${this.#seconds}`, `${LATENCY}_count ${this.#latencies}`);
    return `${lines.join('\n')}\n`;
  }
}
