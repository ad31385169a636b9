/**
 * @file The least that serves a student from a thread: Node's own HTTP, batches of what waits, and nothing that is checked.
 * What `retort serve` does besides costs what it has less. `node bare-server.js STUDENT` prints its address.
 */
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Answer } from '../../src/inference/answer.js';
import { loadInWorker } from '../../src/inference/load-in-worker.js';

const MOST_ROWS = 32;

const model = await loadInWorker(process.argv[2] as string, { threads: 1 });
const waiting: { readonly text: string; readonly response: ServerResponse }[] = [];
let isRunning = false;

async function run(): Promise<void> {
  isRunning = true;
  while (waiting.length > 0) {
    const batch = waiting.splice(0, MOST_ROWS);
    const answers = (await model.predict(batch.map(({ text }) => text))) as Answer[];
    for (const [i, { response }] of batch.entries()) {
      const { label, score } = answers[i] as Answer;
      response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify({ label, score }));
    }
  }
  isRunning = false;
}

const server = createServer((request, response) => {
  const chunks: Buffer[] = [];
  request.on('data', (chunk) => chunks.push(chunk));
  request.on('end', () => {
    const { text } = JSON.parse(Buffer.concat(chunks).toString()) as { text: string };
    waiting.push({ text, response });
    if (!isRunning) void run();
  });
});
server.listen(0, '127.0.0.1', () => console.log(`http://127.0.0.1:${(server.address() as AddressInfo).port}`));
