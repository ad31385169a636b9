/**
 * @file `retort serve` under load, in alternating rounds with a bare server of the same student and with FastAPI (where
 * `RETORT_PYTHON` names an interpreter that has it), and a soak: minutes of valid requests with others among them that are
 * malformed, oversize, slow or broken off, memory on the way, and how fast a full server refuses.
 *
 *   npm run bench -- serve --student FOLDER --texts FILE [--rounds 5] [--seconds 10] [--clients 200]
 *   npm run bench -- serve --student FOLDER --texts FILE --soak 300
 *
 * FOLDER is an export with `tokenizer.json` (`retort export`); FILE has one text per line. `--save FILE` keeps the figures.
 */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { machine, median, spread } from './figures.js';
import { freePort } from './free-port.js';
import type { Load, LoadOrder } from './load-generator.js';

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url));
const WARM_SECONDS = 2;
const SAMPLE_MS = 5000;
/** Waiting texts, and clients that are more than these. */
const FULL = { waiting: 64, clients: 400, seconds: 20 } as const;

type Peer = {
  readonly name: string;
  readonly url: string;
  readonly child: ChildProcess;
  readonly path: string;
  readonly bodies: string;
};

export async function main(args: readonly string[]): Promise<void> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      student: { type: 'string' },
      texts: { type: 'string' },
      rounds: { type: 'string', default: '5' },
      seconds: { type: 'string', default: '10' },
      clients: { type: 'string', default: '200' },
      soak: { type: 'string', default: '0' },
      save: { type: 'string' },
    },
  });
  const { student, texts, save } = values;
  if (student === undefined || texts === undefined) {
    console.log('npm run bench -- serve --student FOLDER --texts FILE');
    return;
  }
  const [rounds, seconds, clients, soak] = [values.rounds, values.seconds, values.clients, values.soak].map(Number) as [
    number,
    number,
    number,
    number,
  ];
  const folder = mkdtempSync(join(tmpdir(), 'retort-serve-'));
  const children: ChildProcess[] = [];
  try {
    const bodies = writeBodies(folder, student, readFileSync(texts, 'utf8').split('\n').filter(Boolean));
    const started = { student, bodies, children };
    const figures =
      soak > 0 ? await soaked(started, soak, clients) : await compared(started, { rounds, seconds, clients });
    if (save !== undefined) {
      const said = { date: new Date().toISOString(), machine: machine(), student, clients, ...figures };
      writeFileSync(save, `${JSON.stringify(said, null, 2)}\n`);
    }
  } finally {
    for (const child of children) child.kill('SIGKILL');
    rmSync(folder, { recursive: true, force: true });
  }
}

type Bodies = { readonly predict: string; readonly systemone: string };
type Started = { readonly student: string; readonly bodies: Bodies; readonly children: ChildProcess[] };

/** The same texts as each route has them. */
function writeBodies(folder: string, student: string, texts: readonly string[]): Bodies {
  const shown = spawnSync(process.execPath, [here('../src/cli/main.js'), 'serve', student, '--dry_run', '--json'], {
    encoding: 'utf8',
  });
  const { question } = JSON.parse(shown.stdout) as { question: object };
  const write = (name: string, body: (text: string) => object) => {
    const path = join(folder, `${name}.jsonl`);
    writeFileSync(path, texts.map((text) => JSON.stringify(body(text))).join('\n'));
    return path;
  };
  return {
    predict: write('predict', (text) => ({ text })),
    systemone: write('systemone', (state) => ({ model: 'jev-latest', state, questions: { label: question } })),
  };
}

async function compared(
  { student, bodies, children }: Started,
  { rounds, seconds, clients }: { rounds: number; seconds: number; clients: number },
) {
  const retort = await startNode(children, '../src/cli/main.js', ['serve', student, '--port', '0', '--quiet']);
  const bare = await startNode(children, './peers/bare-server.js', [student]);
  const peers: Peer[] = [
    { ...retort, name: 'retort serve', path: '/predict', bodies: bodies.predict },
    { ...retort, name: 'retort serve, System One', path: '/v1/systemone', bodies: bodies.systemone },
    { ...bare, name: 'bare server', path: '/predict', bodies: bodies.predict },
  ];
  const python = process.env.RETORT_PYTHON;
  if (python !== undefined) {
    const fastapi = await startPython(children, python, student);
    peers.push({ ...fastapi, name: 'FastAPI', path: '/predict', bodies: bodies.predict });
  } else console.log('FastAPI is left out: RETORT_PYTHON names no interpreter');
  const loads = new Map<string, Load[]>(peers.map(({ name }) => [name, []]));
  for (const { url, path, bodies: file } of peers)
    await load({ url, path, bodies: file, clients, seconds: WARM_SECONDS });
  for (let round = 0; round < rounds; round++) {
    // Each first in turn.
    for (const i of peers.keys()) {
      const { name, url, path, bodies: file } = peers[(i + round) % peers.length] as Peer;
      loads.get(name)?.push(await load({ url, path, bodies: file, clients, seconds }));
    }
  }
  const own = loads.get('retort serve') ?? [];
  for (const [name, taken] of loads) {
    const of = (key: keyof Load) => spread(taken.map((one) => one[key]));
    const ratios = taken.map(({ rate }, i) => (own[i] as Load).rate / rate);
    console.log(
      `${name}: ${of('rate')} requests a second, p50 ${of('p50')} ms, p99 ${of('p99')} ms; ` +
        `retort serve has ${(100 * median(ratios)).toFixed(1)} % of it (${ratios.map((ratio) => ratio.toFixed(2)).join(' ')})`,
    );
  }
  return { rounds, seconds, loads: Object.fromEntries(loads) };
}

async function soaked({ student, bodies, children }: Started, seconds: number, clients: number) {
  const serve = ['serve', student, '--port', '0', '--quiet'];
  const { url, child } = await startNode(children, '../src/cli/main.js', serve);
  const memory: number[] = [];
  const sample = setInterval(() => memory.push(residentMegabytes(child.pid ?? 0)), SAMPLE_MS);
  const said = await load({ url, path: '/predict', bodies: bodies.predict, clients, seconds, faulty: 20 });
  clearInterval(sample);
  child.kill('SIGTERM');
  const minute = 60_000 / SAMPLE_MS;
  const after = memory[Math.min(minute, memory.length) - 1] ?? 0;
  const growth = Math.max(...memory.slice(minute)) / after - 1;
  console.log(
    `soak of ${seconds} s: ${said.answers} answers, ${said.rate.toFixed(0)} a second, ${said.faulty} bad requests, ${said.lost} lost, ${said.busy} of 503`,
  );
  console.log(
    `resident memory each ${SAMPLE_MS / 1000} s, MB: ${memory.map((value) => value.toFixed(0)).join(' ')}; after the first minute ${(100 * growth).toFixed(1)} % more at most`,
  );
  const full = await startNode(children, '../src/cli/main.js', [...serve, '--max_waiting', String(FULL.waiting)]);
  const refused = await load({ url: full.url, path: '/predict', bodies: bodies.predict, ...FULL });
  console.log(
    `full (${FULL.clients} clients, ${FULL.waiting} may wait): ${refused.busy} of 503 with p95 ${refused.busyP95.toFixed(1)} ms, ` +
      `${refused.answers} answers with p95 ${refused.p95.toFixed(1)} ms, ${refused.lost} lost`,
  );
  return { soak: said, memory, growth, full: refused };
}

function residentMegabytes(pid: number): number {
  const [, kilobytes = '0'] = /VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? [];
  return Number(kilobytes) / 1024;
}

async function startNode(children: ChildProcess[], script: string, words: readonly string[]) {
  const child = spawn(process.execPath, [here(script), ...words], { stdio: ['ignore', 'pipe', 'inherit'] });
  children.push(child);
  const url = await new Promise<string>((done) => child.stdout.once('data', (said) => done(String(said).trim())));
  return { url, child };
}

async function startPython(children: ChildProcess[], python: string, student: string) {
  const port = await freePort();
  const script = here('../../bench/peers/serve_fastapi.py');
  const child = spawn(python, [script, student, String(port)], { stdio: 'inherit' });
  children.push(child);
  const url = `http://127.0.0.1:${port}`;
  while (child.exitCode === null) {
    const isThere = await fetch(url).then(
      () => true,
      () => false,
    );
    if (isThere) return { url, child };
    await new Promise((done) => setTimeout(done, 100));
  }
  throw new Error(`${script} ended with ${child.exitCode}`);
}

function load(order: LoadOrder): Promise<Load> {
  return new Promise((done, fail) => {
    const child = spawn(process.execPath, [here('./load-generator.js'), JSON.stringify(order)], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    let said = '';
    child.stdout.on('data', (chunk) => (said += chunk));
    child.on('close', (code) => {
      if (code === 0) done(JSON.parse(said) as Load);
      else fail(new Error(`the load generator ended with ${code}`));
    });
  });
}
