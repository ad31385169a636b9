/**
 * @file Rows a second that a decision model over HTTP is asked for, against what its latency and the concurrency permit, and
 * the memory that takes. The server is a process of its own that answers every request after the same time.
 *
 *   npm run bench -- asking [--rows 100000] [--latency 200] [--concurrency 128]
 */
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { textTable } from '../src/data/text-table.js';
import { decisionEndpointTeacher } from '../src/outside/decisions/decision-endpoint.js';

const SERVER = `
import { createServer } from 'node:http';
const latency = Number(process.argv[1]);
const answers = { label: { type: 'choice', choice: 'yes', probabilities: { no: 0.2314, yes: 0.7686 }, confidence: 0.5 } };
const reply = JSON.stringify({ model: 'm-1', answers, usage: { input_tokens: 60, output_tokens: 4 } });
const server = createServer((request, response) => {
  const begun = performance.now();
  request.resume().on('end', () => {
    setTimeout(() => response.writeHead(200).end(reply), latency - (performance.now() - begun));
  });
});
server.keepAliveTimeout = 60_000;
server.listen(0, '127.0.0.1', () => console.log(server.address().port));
`;

/** Parts of the rows after which memory is read. */
const PARTS = 10;

export async function main(args: readonly string[]): Promise<void> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      rows: { type: 'string', default: '100000' },
      latency: { type: 'string', default: '200' },
      concurrency: { type: 'string', default: '128' },
    },
  });
  const [rows, latency, concurrency] = [values.rows, values.latency, values.concurrency].map(Number) as [
    number,
    number,
    number,
  ];
  const folder = mkdtempSync(join(tmpdir(), 'retort-bench-'));
  const server = spawn(process.execPath, ['--input-type=module', '-e', SERVER, '--', String(latency)]);
  try {
    const port = await new Promise<string>((done) => server.stdout.once('data', (said) => done(String(said).trim())));
    const texts = Array.from({ length: rows }, (_, i) => `message ${i}: my card was charged twice for one order`);
    const data = { name: 'rows', size: rows, text: { table: textTable('rows', { texts }) } };
    const log = join(folder, 'log.jsonl');
    const memory: number[] = [];
    let begun = 0;
    let asked = 0;
    const teacher = decisionEndpointTeacher({
      ...{ url: `http://127.0.0.1:${port}/v1`, format: 'systemone', model: 'm', labelNames: ['no', 'yes'] },
      ...{ log, concurrency },
      onSmoke: ({ done }) => {
        begun = performance.now();
        asked = rows - done;
        return true;
      },
      onProgress: ({ done }) => {
        if (done < (rows * memory.length) / PARTS) return;
        memory.push(process.memoryUsage().rss / 2 ** 20);
      },
    });
    const cpu = process.cpuUsage();
    let kept = 0;
    await teacher.ask(data as never, () => {
      if (kept === 0) {
        const seconds = (performance.now() - begun) / 1000;
        const permitted = (concurrency * 1000) / latency;
        const { user, system } = process.cpuUsage(cpu);
        console.log(
          `${asked} rows in ${seconds.toFixed(1)} s: ${(asked / seconds).toFixed(0)} a second, ` +
            `${((100 * asked) / seconds / permitted).toFixed(1)} % of the ${permitted.toFixed(0)} that ${latency} ms and ` +
            `${concurrency} at once permit; ${((user + system) / asked).toFixed(0)} µs of processor time a row`,
        );
      }
      kept += 1;
    });
    console.log(`${kept} answers; the log has ${(statSync(log).size / rows).toFixed(0)} bytes a row`);
    console.log(`resident memory at each tenth, MB: ${memory.map((megabytes) => megabytes.toFixed(0)).join(' ')}`);
  } finally {
    server.kill();
    rmSync(folder, { recursive: true });
  }
}
