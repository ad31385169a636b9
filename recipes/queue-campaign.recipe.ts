/**
 * @file Whether an experiment that goes through Redis survives: the same experiment again and again, while processes are
 * killed by `kill -9` at instants that a seed draws: a child of a worker, a worker, Redis (append-only file, synced with each
 * command), the process that leads; each is started again. Every round has to end with the results and weights of one
 * process. Appends each round to `results/queue-campaign.jsonl` and goes on from there until the kills are made.
 *
 *   npm run build && npm run recipe -- queue-campaign [--kills 100] [--redis 10] [--leads 20] [--seed 1] [--minutes 60]
 *   [--work .bench/queue-campaign] [--results results]
 */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { appendFileSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';

const RETORT = resolve('dist', 'cli', 'main.js');
const PORT = 6390;
const QUEUE = `redis://127.0.0.1:${PORT}`;
const WORKERS = 2;
const DISTIL =
  'distill texts.csv --teacher teacher --model ngram --solver steps --epochs 3 --threads 1 --seeds 6 --controls no-teacher --quiet';
/** The longest that passes between two kills, as a share of what one process takes for the whole. */
const PAUSE = 0.5;

type Victim = 'child' | 'worker' | 'redis' | 'lead';

type Round = {
  readonly round: number;
  readonly kills: Readonly<Record<Victim, number>>;
  /** Whether results and weights are those of one process. */
  readonly isSame: boolean;
  readonly runs: number;
  /** How often runs had failed so often that the lead ended, and was started again. */
  readonly setAside: number;
  readonly seconds: number;
};

export async function main(args: readonly string[]): Promise<void> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      kills: { type: 'string', default: '100' },
      redis: { type: 'string', default: '10' },
      leads: { type: 'string', default: '20' },
      seed: { type: 'string', default: '1' },
      minutes: { type: 'string', default: '60' },
      work: { type: 'string', default: join('.bench', 'queue-campaign') },
      results: { type: 'string', default: 'results' },
    },
  });
  const file = join(values.results, 'queue-campaign.jsonl');
  const wanted = {
    child: Number(values.kills) / 2,
    worker: Number(values.kills) / 2,
    redis: Number(values.redis),
    lead: Number(values.leads),
  };
  mkdirSync(values.work, { recursive: true });
  const { whole, seconds } = prepared(values.work);
  const until = Date.now() + 60_000 * Number(values.minutes);
  for (;;) {
    const rounds = existsSync(file)
      ? readFileSync(file, 'utf8')
          .trim()
          .split('\n')
          .map((line) => JSON.parse(line) as Round)
      : [];
    const left = Object.fromEntries(
      (Object.keys(wanted) as Victim[]).map((victim) => [
        victim,
        wanted[victim] - rounds.reduce((sum, { kills }) => sum + kills[victim], 0),
      ]),
    ) as Record<Victim, number>;
    if (Object.values(left).every((count) => count <= 0) || Date.now() > until) break;
    const round = await disturbed(values.work, rounds.length + 1, { seed: Number(values.seed), left, whole, seconds });
    console.log(JSON.stringify(round));
    appendFileSync(file, `${JSON.stringify(round)}\n`);
    if (!round.isSame) throw new Error(`round ${round.round} gave something else: see ${values.work}`);
  }
}

/** Texts, a teacher and the experiment by one process. @returns what it gave and took */
function prepared(work: string): { readonly whole: string; readonly seconds: number } {
  const random = generator(11);
  const draw = (words: readonly string[]) => words[Math.floor(random() * words.length)] as string;
  const neutral = 'the a film plot actor scene very was it and this that with story music long short'.split(' ');
  const good = 'great lovely fine superb warm bright'.split(' ');
  const bad = 'dull weak poor awful cold grey'.split(' ');
  const rows = Array.from({ length: 3000 }, () => {
    const isGood = random() < 0.5;
    const words = Array.from({ length: 12 }, () => draw(neutral));
    words.splice(3, 0, draw(random() < 0.85 === isGood ? good : bad), draw(random() < 0.8 === isGood ? good : bad));
    return `${words.join(' ')},${isGood ? 'good' : 'bad'}`;
  });
  writeFileSync(join(work, 'texts.csv'), ['text,label', ...rows, ''].join('\n'));
  if (!existsSync(join(work, 'teacher', 'metrics.json'))) {
    expectDone(work, 'train texts.csv --model ngram --threads 1 --quiet --overwrite --output_dir teacher');
  }
  rmSync(join(work, 'whole'), { recursive: true, force: true });
  const started = performance.now();
  expectDone(work, `${DISTIL} --output_dir whole`);
  return { whole: givenBy(join(work, 'whole')), seconds: (performance.now() - started) / 1000 };
}

function expectDone(cwd: string, line: string): void {
  const { status, stderr } = spawnSync(process.execPath, [RETORT, ...line.split(' ')], { cwd, encoding: 'utf8' });
  if (status !== 0) throw new Error(stderr);
}

/** Scores and rows of all runs, gains, and the weights that are kept; no times, machines and names. */
function givenBy(folder: string): string {
  const { arms, gains, evidence } = JSON.parse(readFileSync(join(folder, 'experiment.json'), 'utf8'));
  const timeless = arms.map(({ seconds: _seconds, ...arm }: { seconds: unknown }) => arm);
  const weights = readdirSync(join(folder, 'runs'))
    .sort()
    .flatMap((run) => {
      const path = join(folder, 'runs', run, 'last.ckpt', 'model.safetensors');
      return existsSync(path) ? [[run, createHash('sha256').update(readFileSync(path)).digest('hex')]] : [];
    });
  return JSON.stringify({ timeless, gains, evidence, weights });
}

type Disturbance = {
  readonly seed: number;
  readonly left: Record<Victim, number>;
  readonly whole: string;
  /** Of one process. */
  readonly seconds: number;
};

async function disturbed(
  work: string,
  round: number,
  { seed, left, whole, seconds: alone }: Disturbance,
): Promise<Round> {
  const random = generator(1000 * seed + round);
  const started = performance.now();
  const kills: Record<Victim, number> = { child: 0, worker: 0, redis: 0, lead: 0 };
  const folder = `round-${round}`;
  let setAside = 0;
  let redis = startRedis(work);
  const start = (line: string) =>
    spawn(process.execPath, [RETORT, ...line.split(' ')], { cwd: work, stdio: ['ignore', 'ignore', 'pipe'] });
  const store = join(work, 'store');
  mkdirSync(store, { recursive: true });
  const lead = () => start(`${DISTIL} --output_dir ${folder} --resume --queue ${QUEUE} --store ${resolve(store)}`);
  const worker = () => start(`worker --queue ${QUEUE} --store ${resolve(store)} --wait 30 --quiet`);
  const workers = Array.from({ length: WORKERS }, worker);
  let leading = lead();
  let said = '';
  const listen = () => leading.stderr?.on('data', (chunk) => (said += chunk));
  listen();
  try {
    while (leading.exitCode !== 0) {
      const pause = new AbortController();
      await Promise.race([sleep(1000 * PAUSE * alone * random(), undefined, { signal: pause.signal }), ended(leading)]);
      pause.abort();
      if (leading.exitCode === 0) break;
      if (leading.exitCode !== null) {
        if (!/set aside after|ended by/u.test(said)) throw new Error(`the lead ended by ${leading.exitCode}: ${said}`);
        setAside += 1;
        said = '';
        leading = lead();
        listen();
        continue;
      }
      const victim = drawn(left, kills, random);
      if (victim === undefined) continue;
      const index = Math.floor(random() * WORKERS);
      const killed = victim === 'lead' ? leading : victim === 'redis' ? redis : (workers[index] as ChildProcess);
      if (victim === 'child') {
        const [child] = childrenOf(killed.pid ?? 0);
        if (child === undefined) continue;
        process.kill(child, 'SIGKILL');
      } else {
        killed.kill('SIGKILL');
        await ended(killed);
      }
      kills[victim] += 1;
      if (victim === 'redis') redis = startRedis(work);
      else if (victim === 'worker') workers[index] = worker();
      else if (victim === 'lead') {
        leading = lead();
        listen();
      }
    }
  } finally {
    for (const one of [...workers, leading, redis]) one.kill('SIGKILL');
    await Promise.all([...workers, leading, redis].map(ended));
  }
  const given = givenBy(join(work, folder));
  const runs = readdirSync(join(work, folder, 'runs')).length;
  if (given === whole) rmSync(join(work, folder), { recursive: true, force: true });
  const seconds = Math.round((performance.now() - started) / 100) / 10;
  return { round, kills, isSame: given === whole, runs, setAside, seconds };
}

/** By how many of each are left. */
function drawn(left: Record<Victim, number>, kills: Record<Victim, number>, random: () => number): Victim | undefined {
  const names = (Object.keys(kills) as Victim[]).flatMap((name) =>
    Array<Victim>(Math.max(0, left[name] - kills[name])).fill(name),
  );
  return names[Math.floor(random() * names.length)];
}

function startRedis(work: string): ChildProcess {
  const folder = join(work, 'redis');
  mkdirSync(folder, { recursive: true });
  const always = ['--appendonly', 'yes', '--appendfsync', 'always', '--save', ''];
  const options = ['--port', String(PORT), '--bind', '127.0.0.1', '--dir', folder, ...always];
  return spawn(process.env.RETORT_REDIS_SERVER ?? 'redis-server', options, { stdio: 'ignore' });
}

function ended(child: ChildProcess): Promise<unknown> {
  // One for each pause.
  child.setMaxListeners(0);
  if (child.exitCode !== null || child.signalCode !== null) return Promise.resolve();
  return new Promise((done) => child.once('exit', done));
}

function childrenOf(pid: number): number[] {
  const { stdout } = spawnSync('pgrep', ['-P', String(pid)], { encoding: 'utf8' });
  return stdout.split('\n').filter(Boolean).map(Number);
}

/** mulberry32 */
function generator(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}
