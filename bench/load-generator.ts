/**
 * @file Clients of an HTTP server, in a process of its own: so many that each ask again once they have their reply. Prints
 * one line of JSON. `node load-generator.js '{"url": …, "clients": 200, "seconds": 10, "bodies": "FILE"}'`
 */
import { readFileSync } from 'node:fs';
import { Agent, request } from 'node:http';
import { connect } from 'node:net';

/** `bodies`: a file of one body per line; `faulty`: every so many a request that is wrong in one of four ways. */
export type LoadOrder = {
  readonly url: string;
  readonly path: string;
  readonly clients: number;
  readonly seconds: number;
  readonly bodies: string;
  readonly faulty?: number;
};

export type Load = {
  /** Valid requests with status 200, and how many a second. */
  readonly answers: number;
  readonly rate: number;
  /** Milliseconds at quantiles of these. */
  readonly p50: number;
  readonly p95: number;
  readonly p99: number;
  /** Of replies with status 503, and their p95. */
  readonly busy: number;
  readonly busyP95: number;
  /** Valid requests that had another reply, or none. */
  readonly lost: number;
  readonly faulty: number;
};

/** Clients of decision services wait so long, and longer, before they ask again. */
const BACK_OFF_MS = 500;

type Reply = { readonly status: number; readonly ms: number };

async function generate({ url, path, clients, seconds, bodies: file, faulty = 0 }: LoadOrder): Promise<Load> {
  const { hostname, port } = new URL(url);
  const bodies = readFileSync(file, 'utf8').trimEnd().split('\n');
  const agent = new Agent({ keepAlive: true, maxSockets: clients });
  const taken: number[] = [];
  const busy: number[] = [];
  let [lost, faults, next] = [0, 0, 0];
  const send = (body: string): Promise<Reply> =>
    new Promise((done) => {
      const begun = performance.now();
      const end = (status: number) => done({ status, ms: performance.now() - begun });
      const headers = { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) };
      const asking = request({ hostname, port, path, method: 'POST', agent, headers }, (reply) => {
        reply.resume().on('end', () => end(reply.statusCode ?? 0));
        reply.on('error', () => end(0));
      });
      asking.on('error', () => end(0));
      asking.end(body);
    });
  const cut = (bytes: string, wait: number) =>
    new Promise<void>((done) => {
      const head = `POST ${path} HTTP/1.1\r\nHost: ${hostname}\r\nContent-Length: 400\r\n\r\n${bytes}`;
      const socket = connect(Number(port), hostname, () => socket.write(head));
      socket.on('close', () => done()).on('error', () => done());
      setTimeout(() => socket.destroy(), wait);
    });
  const large = `{"text":"${'x'.repeat(2 ** 21)}"}`;
  const wrong = [() => send('{"text":'), () => send(large), () => cut('{"te', 0), () => cut('{"te', 3000)];
  const stop = performance.now() + 1000 * seconds;
  const client = async () => {
    while (performance.now() < stop) {
      next += 1;
      if (faulty > 0 && next % faulty === 0) {
        faults += 1;
        await wrong[(next / faulty) % wrong.length]?.();
        continue;
      }
      const { status, ms } = await send(bodies[next % bodies.length] as string);
      if (status === 200) taken.push(ms);
      else if (status !== 503) lost += 1;
      else {
        busy.push(ms);
        await new Promise((done) => setTimeout(done, BACK_OFF_MS));
      }
    }
  };
  await Promise.all(Array.from({ length: clients }, client));
  agent.destroy();
  const at = (values: number[], share: number) =>
    values.length === 0
      ? 0
      : (values.sort((a, b) => a - b)[Math.min(values.length - 1, Math.floor(share * values.length))] as number);
  const [p50, p95, p99] = [0.5, 0.95, 0.99].map((share) => at(taken, share)) as [number, number, number];
  const said = { answers: taken.length, rate: taken.length / seconds, p50, p95, p99 };
  return { ...said, busy: busy.length, busyP95: at(busy, 0.95), lost, faulty: faults };
}

const [, , order] = process.argv;
if (order !== undefined) console.log(JSON.stringify(await generate(JSON.parse(order) as LoadOrder)));
