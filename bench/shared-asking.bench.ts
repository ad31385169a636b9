/**
 * @file Rows a second that processes ask for through Redis, against as many plain ones that divide the rows. The server is a
 * process of its own that replies to every request after the same time, and says when it was asked first and last.
 *
 *   npm run bench -- shared-asking --queue redis://127.0.0.1:6379 [--rows 8000] [--latency 100] [--concurrency 8]
 *     [--processes 4] [--rounds 3]
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const MAIN = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url));

const SERVER = `
import { createServer } from 'node:http';
const latency = Number(process.argv[1]);
const content = [{ token: 'no', logprob: -0.1, top_logprobs: [{ token: 'no', logprob: -0.1 }, { token: 'yes', logprob: -2.4 }] }];
const reply = JSON.stringify({
  choices: [{ message: { content: 'no' }, finish_reason: 'stop', logprobs: { content } }],
  usage: { prompt_tokens: 60, completion_tokens: 1 },
});
let times = [];
const server = createServer((request, response) => {
  const at = performance.now();
  if (request.method === 'GET') {
    // Without the first rows, which one process asks about alone.
    const rest = times.slice(Number(new URL(request.url, 'http://x').searchParams.get('first')));
    response.end(JSON.stringify({ rows: rest.length, seconds: (rest.at(-1) - rest[0]) / 1000 }));
    times = [];
    return;
  }
  times.push(at);
  request.resume().on('end', () => {
    setTimeout(() => response.writeHead(200).end(reply), latency - (performance.now() - at));
  });
});
server.keepAliveTimeout = 60_000;
server.listen(0, '127.0.0.1', () => console.log(server.address().port));
`;

const FIRST_ROWS = 20;

export async function main(args: readonly string[]): Promise<void> {
  const text = (value: string) => ({ type: 'string', default: value }) as const;
  const { values } = parseArgs({
    args: [...args],
    options: {
      queue: { type: 'string' },
      ...{ rows: text('8000'), latency: text('100'), concurrency: text('8'), processes: text('4'), rounds: text('3') },
    },
  });
  const { queue, latency, concurrency } = values;
  if (queue === undefined) return console.log('skipped: give --queue redis://HOST:PORT, of a Redis for this alone');
  const [rows, processes, rounds] = [Number(values.rows), Number(values.processes), Number(values.rounds)];
  const folder = mkdtempSync(join(tmpdir(), 'retort-bench-'));
  const server = spawn(process.execPath, ['--input-type=module', '-e', SERVER, '--', latency]);
  try {
    const port = await new Promise<string>((done) => server.stdout.once('data', (said) => done(String(said).trim())));
    const url = `http://127.0.0.1:${port}/v1`;
    const told = async (first: number) =>
      (await (await fetch(`${url}?first=${first}`)).json()) as { readonly rows: number; readonly seconds: number };
    const start = (line: readonly string[]): ChildProcess =>
      spawn(process.execPath, [MAIN, ...line], { cwd: folder, stdio: ['ignore', 'ignore', 'inherit'] });
    const ended = (child: ChildProcess) =>
      new Promise<void>((done, fail) =>
        child.on('exit', (code) => (code === 0 ? done() : fail(new Error(`exit code ${code}`)))),
      );
    const ask = (file: string) => [
      ...['ask', file, '--text', 'text', '--labels', 'no,yes', '--teacher', url, '--teacher_model', 'm', '--quiet'],
      ...['--prices', '1,1', '--max_cost', '1000', '--teacher_concurrency', concurrency, '--overwrite'],
      ...['--output_file', `${file}.jsonl`],
    ];
    const lines = Array.from({ length: rows }, (_, i) => `message ${i}: my card was charged twice for one order`);
    const write = (file: string, some: readonly string[]) =>
      writeFileSync(join(folder, file), ['text', ...some, ''].join('\n'));
    write('all.csv', lines);
    for (let i = 0; i < processes; i++)
      write(
        `part-${i}.csv`,
        lines.filter((_, row) => row % processes === i),
      );
    for (let round = 1; round <= rounds; round++) {
      await Promise.all(Array.from({ length: processes }, (_, i) => ended(start(ask(`part-${i}.csv`)))));
      const plain = await told(processes * FIRST_ROWS);
      const workers = Array.from({ length: processes - 1 }, () =>
        start([
          'worker',
          '--queue',
          queue,
          '--teacher',
          url,
          '--teacher_concurrency',
          concurrency,
          '--wait',
          '5',
          '--quiet',
        ]),
      );
      await Promise.all([...workers, start([...ask('all.csv'), '--queue', queue])].map(ended));
      const shared = await told(FIRST_ROWS);
      const [alone, together] = [plain, shared].map((of) => of.rows / of.seconds) as [number, number];
      console.log(
        `round ${round}: ${processes} plain processes ${alone.toFixed(0)} rows a second, through the queue ` +
          `${together.toFixed(0)}, ${((100 * together) / alone).toFixed(1)} %`,
      );
    }
  } finally {
    server.kill();
    rmSync(folder, { recursive: true });
  }
}
