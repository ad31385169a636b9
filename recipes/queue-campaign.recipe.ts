/**
 * @file Whether work that goes through Redis survives: the same experiment, or the same questions, again and again, while
 * processes are killed by `kill -9` at instants that a seed draws: a child of a worker, a worker, Redis (append-only file,
 * synced with each command), the process that leads; each is started again. Every round has to end with the bytes of one
 * process, and no text may be asked again whose reply was in the log. Appends each round to `results/queue-campaign.jsonl`
 * and goes on from there until the kills are made.
 *
 *   npm run build && npm run recipe -- queue-campaign [--kind distill] [--seed 1] [--minutes 60]
 *   [--work .bench/queue-campaign] [--results results]
 */
import { appendFileSync, mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { freePort } from '../bench/free-port.js';
import { RandomStream } from '../src/entries/tensor.js';
import { chosenNames } from './chosen-names.js';
import { keptLines } from './kept-json.js';
import { type Kills, type Victim, workedThrough } from './killed-processes.js';
import { KILLED_WORK, type KilledKind, type KilledWork } from './killed-work.js';

const WORKERS = 2;
/** The longest that passes between two kills, as a share of what one process takes for the whole. */
const PAUSE = 0.5;
/** In all rounds of a kind. Whoever asks has no child. */
const WANTED: Readonly<Record<KilledKind, Kills>> = {
  distill: { child: 50, worker: 50, redis: 10, lead: 20 },
  ask: { child: 0, worker: 50, redis: 10, lead: 20 },
};

type Round = {
  readonly kind: KilledKind;
  /** Of its kind, from 1. */
  readonly round: number;
  readonly kills: Kills;
  /** Whether what came of it is what one process gives. */
  readonly isSame: boolean;
  /** How often units had failed so often that the process that leads ended, and was started again. */
  readonly setAside: number;
  /** Texts that were asked about more than once, since whoever asked had died. */
  readonly again?: number;
  readonly seconds: number;
};

export async function main(args: readonly string[]): Promise<void> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      kind: { type: 'string' },
      seed: { type: 'string', default: '1' },
      minutes: { type: 'string', default: '60' },
      work: { type: 'string', default: join('.bench', 'queue-campaign') },
      results: { type: 'string', default: 'results' },
    },
  });
  mkdirSync(join(values.work, 'redis'), { recursive: true });
  const file = join(values.results, 'queue-campaign.jsonl');
  const until = Date.now() + 60_000 * Number(values.minutes);
  const port = await freePort();
  for (const kind of chosenNames('--kind', KILLED_WORK, values.kind?.split(','))) {
    const kept = () => keptLines<Round>(file).filter((round) => round.kind === kind);
    if (isDone(leftOf(kind, kept()))) continue;
    const work = await KILLED_WORK[kind]({ work: values.work, queue: `redis://127.0.0.1:${port}` });
    try {
      for (;;) {
        const rounds = kept();
        const left = leftOf(kind, rounds);
        if (isDone(left) || Date.now() > until) break;
        const number = rounds.length + 1;
        const random = new RandomStream(Number(values.seed), `kills of ${kind}`, number);
        const round = {
          kind,
          round: number,
          ...(await disturbed(work, { ...values, port, kind, number, left, random })),
        };
        console.log(JSON.stringify(round));
        appendFileSync(file, `${JSON.stringify(round)}\n`);
        if (!round.isSame) throw new Error(`${kind}, round ${number} gave something else: see ${values.work}`);
      }
    } finally {
      work.close();
    }
  }
  console.log(queueCampaignSummary(values.results));
}

function leftOf(kind: KilledKind, rounds: readonly Round[]): Kills {
  const of = (victim: Victim) => WANTED[kind][victim] - rounds.reduce((sum, { kills }) => sum + kills[victim], 0);
  return { child: of('child'), worker: of('worker'), redis: of('redis'), lead: of('lead') };
}

const isDone = (left: Kills): boolean => Object.values(left).every((count) => count <= 0);

type Disturbance = {
  readonly work: string;
  readonly port: number;
  readonly kind: KilledKind;
  readonly number: number;
  readonly left: Kills;
  readonly random: RandomStream;
};

async function disturbed(
  { lead, worker, given, facts, whole, seconds }: KilledWork,
  { work, port, kind, number, left, random }: Disturbance,
): Promise<Omit<Round, 'kind' | 'round'>> {
  const begun = performance.now();
  const folder = `${kind}-${number}`;
  rmSync(join(work, folder), { recursive: true, force: true });
  const { kills, setAside } = await workedThrough(
    {
      ...{ cwd: work, lead: lead(folder), worker, workers: WORKERS },
      redis: { port, folder: join(work, 'redis') },
    },
    { left, pause: PAUSE * seconds, random },
  );
  const isSame = given(folder) === whole;
  const found = facts(folder, kills);
  if (isSame) rmSync(join(work, folder), { recursive: true, force: true });
  return { kills, isSame, ...found, setAside, seconds: Math.round((performance.now() - begun) / 100) / 10 };
}

/** In a line for each kind. */
export function queueCampaignSummary(results: string): string {
  const rounds = keptLines<Round>(join(results, 'queue-campaign.jsonl'));
  return (Object.keys(KILLED_WORK) as KilledKind[])
    .map((kind) => {
      const own = rounds.filter((round) => round.kind === kind);
      const total = (of: (round: (typeof own)[number]) => number) => own.reduce((sum, round) => sum + of(round), 0);
      const victims = (Object.keys(WANTED[kind]) as Victim[]).map(
        (victim) => `${victim} ${total(({ kills }) => kills[victim])}`,
      );
      const again = kind === 'ask' ? `, ${total(({ again = 0 }) => again)} texts asked again` : '';
      return `${kind}: ${own.length} rounds, ${total(({ isSame }) => Number(isSame))} the same; killed: ${victims.join(', ')}${again}`;
    })
    .join('\n');
}
