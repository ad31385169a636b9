// POST /predict {"text": "…"} → {"label": "…", "score": 0.98}:  node server.mjs STUDENT
// The model answers in a thread of its own, so the event loop stays free for requests.
import process from 'node:process';
import { serve } from '@hono/node-server';
import { Hono } from 'hono';
import { loadInWorker } from 'retort-ml/inference';

/** More rows at once make none of them faster. */
const MOST_ROWS = 32;
/** More that wait are refused at once, and not after a time-out. */
const MOST_WAITING = Number(process.env.MOST_WAITING ?? 1000);

const model = await loadInWorker(process.argv[2] ?? 'student', { threads: 1 });

/** What came while others were predicted is the next batch: no timer, and no wait on a quiet server. */
const waiting = [];
let isRunning = false;

async function run() {
  isRunning = true;
  while (waiting.length > 0) {
    const batch = waiting.splice(0, MOST_ROWS);
    try {
      // A bad text has an error in its place, and harms no other.
      const predictions = await model.predict(batch.map(({ text }) => text));
      for (const [i, { done }] of batch.entries()) done(predictions[i]);
    } catch (error) {
      for (const { fail } of batch) fail(error);
    }
  }
  isRunning = false;
}

function predict(text) {
  return new Promise((done, fail) => {
    waiting.push({ text, done, fail });
    if (!isRunning) void run();
  });
}

const app = new Hono();
app.get('/health', (c) => c.json({ labels: model.labels, waiting: waiting.length }));
app.post('/predict', async (c) => {
  if (waiting.length >= MOST_WAITING) return c.json({ error: 'too many requests wait' }, 503);
  // Malformed JSON would be a 500.
  const body = await c.req.json().catch(() => undefined);
  const { label, score, error } = await predict(body?.text);
  if (error !== undefined) return c.json({ error: `wanted ${error.wanted}, got ${error.got}` }, 400);
  return c.json({ label, score });
});

const port = Number(process.env.PORT ?? 3000);
const server = serve({ fetch: app.fetch, port, hostname: '127.0.0.1' }, (info) => {
  console.log(`http://127.0.0.1:${info.port}/predict`);
});
process.on('SIGTERM', () => {
  server.close();
  void model.release();
});
