// Trains with `retort-ml/browser` in Chromium, and compares with the same training in Node; weighs its bundle.
// `npm ci` here first, and `npm run build` in the root.
//   node check.mjs [--sizes]
import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { extname, join } from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { CHROMIUM, CHROMIUM_FLAGS, linkPackage } from '../linked-package.js';

const here = fileURLToPath(new URL('.', import.meta.url));
/** Gzipped, without ONNX Runtime and what is imported on demand. */
const MOST = { digits: 95_000, students: 150_000, all: 160_000 };
/** Of the loss in the first step: float32 in another build of ONNX Runtime. */
const FIRST_LOSS = 1e-6;
/** Of an accuracy, as a share. */
const ACCURACY = 1e-3;
/** Share of the rows on whose labels two trainings may differ, which end in weights that differ in their last digits. */
const OTHER_LABELS = 0.005;

linkPackage(here);

const { build } = await import('esbuild');

const bundle = (options) =>
  build({
    absWorkingDir: here,
    bundle: true,
    minify: true,
    format: 'esm',
    platform: 'browser',
    target: 'es2022',
    preserveSymlinks: true,
    logLevel: 'warning',
    ...options,
  });

async function weigh(code) {
  const { outputFiles, metafile } = await bundle({
    stdin: { contents: code, resolveDir: here },
    write: false,
    metafile: true,
    plugins: [
      {
        name: 'without what is imported on demand',
        setup: ({ onResolve }) =>
          onResolve({ filter: /./ }, ({ kind, path }) =>
            kind === 'dynamic-import' ? { path, external: true } : undefined,
          ),
      },
    ],
  });
  const packages = new Set();
  for (const name of Object.keys(metafile.inputs)) {
    const inside = name.split('node_modules/').at(-1) ?? '';
    packages.add(inside.split('/', inside.startsWith('@') ? 2 : 1).join('/'));
  }
  packages.delete('<stdin>');
  return { gzipped: gzipSync(outputFiles[0].contents, { level: 9 }).length, packages: [...packages].sort() };
}

const DIGITS =
  "export { adam, hinton, mlp, mnistDataset, modelTeacher, supervised, trainInMemory } from 'retort-ml/browser'";
const STUDENTS = "export { trainStudent } from 'retort-ml/browser'";
const digits = await weigh(DIGITS);
const students = await weigh(STUDENTS);
const all = await weigh("export * from 'retort-ml/browser'");
console.log(
  `gzipped: digits ${digits.gzipped} bytes, students ${students.gzipped}, all ${all.gzipped}; of ${all.packages.join(', ')}`,
);
assert.ok(digits.gzipped <= MOST.digits, `more than ${MOST.digits} bytes to train digits`);
assert.ok(students.gzipped <= MOST.students, `more than ${MOST.students} bytes to train students`);
assert.ok(all.gzipped <= MOST.all, `more than ${MOST.all} bytes in all`);
if (process.argv.includes('--sizes')) process.exit();

const scratch = mkdtempSync(join(tmpdir(), 'tab-training-'));
const TYPES = { '.js': 'text/javascript', '.mjs': 'text/javascript', '.wasm': 'application/wasm' };
/** What lets a page have threads that share memory. */
const ISOLATED = { 'cross-origin-opener-policy': 'same-origin', 'cross-origin-embedder-policy': 'require-corp' };

/** The page, its bundles, the data and ONNX Runtime's files. */
function serve(data, headers) {
  const server = createServer(({ url }, response) => {
    const { pathname } = new URL(url, 'http://localhost');
    const send = (type, body) => response.writeHead(200, { 'content-type': type, ...headers }).end(body);
    if (pathname === '/') {
      send('text/html', '<!doctype html><title>training</title><script type="module" src="/page.js"></script>');
      return;
    }
    if (pathname.startsWith('/data/') && data[pathname.slice(6)]) {
      send('application/octet-stream', data[pathname.slice(6)]);
      return;
    }
    const file = pathname.startsWith('/ort/')
      ? join(here, 'node_modules/onnxruntime-web/dist', pathname.slice(5))
      : join(scratch, 'site', pathname);
    if (existsSync(file)) send(TYPES[extname(file)] ?? 'application/octet-stream', readFileSync(file));
    else response.writeHead(404).end();
  });
  return new Promise((done) => server.listen(0, '127.0.0.1', () => done(server)));
}

/** Does something with a page of Chromium that has `trainInTab`. */
async function inChromium(data, headers, use) {
  const { chromium } = await import('playwright-core');
  const server = await serve(data, headers);
  const browser = await chromium.launch({ executablePath: CHROMIUM, args: CHROMIUM_FLAGS });
  try {
    const page = await browser.newPage();
    page.on('pageerror', (error) => console.error(error));
    page.on('console', (message) => console.error(message.text()));
    await page.goto(`http://127.0.0.1:${server.address().port}/`);
    return await use(page);
  } finally {
    await browser.close();
    server.close();
  }
}

async function trained(page, name, threads) {
  const { failed, found } = await page.evaluate((asked) => globalThis.trainInTab(...asked), [name, threads]);
  assert.equal(failed, undefined, failed);
  return found;
}

function expectSame(found, wanted, where) {
  assert.deepEqual(Object.keys(found), Object.keys(wanted), where);
  for (const [name, { firstLoss, lastLoss, accuracy, steps, labels, seconds }] of Object.entries(wanted)) {
    const tab = found[name];
    const at = `${where}, ${name}`;
    assert.ok(Math.abs(tab.accuracy - accuracy) <= ACCURACY, `${at}: accuracy ${tab.accuracy}, in Node ${accuracy}`);
    assert.equal(tab.steps, steps, at);
    const others = labels?.filter((label, row) => label !== tab.labels[row]).length ?? 0;
    assert.ok(others <= (labels?.length ?? 0) * OTHER_LABELS, `${at}: student.js gives ${others} other labels`);
    if (firstLoss === undefined) {
      console.log(`${at}: accuracy ${tab.accuracy} (${accuracy}), ${tab.seconds.toFixed(1)} s (${seconds.toFixed(1)})`);
      continue;
    }
    // ONNX Runtime's WebAssembly build leaves outputs unwritten that it was given arrays for: losses would all be 0.
    assert.ok(tab.firstLoss > 0 && tab.lastLoss < tab.firstLoss, `${at}: loss ${tab.firstLoss}, then ${tab.lastLoss}`);
    const off = Math.abs(tab.firstLoss / firstLoss - 1);
    assert.ok(off <= FIRST_LOSS, `${at}: first loss ${tab.firstLoss}, in Node ${firstLoss}`);
    console.log(
      `${at}: first loss off by ${off.toExponential(1)}, last ${tab.lastLoss} (${lastLoss}), ` +
        `accuracy ${tab.accuracy} (${accuracy}), ${Math.round(steps / tab.seconds)} steps/s, ${tab.seconds.toFixed(1)} s (${seconds.toFixed(1)})`,
    );
  }
}

/** Sentences of SST-2 where its folder is, else made-up ones. */
async function textRows() {
  const { RETORT_DATA } = process.env;
  if (RETORT_DATA) {
    const { loadTextSet } = await import('retort-ml/data');
    const { train, dev } = await loadTextSet('sst2', { dir: RETORT_DATA });
    const some = ({ texts, labels, labelNames }, count) => ({
      texts: texts.slice(0, count),
      labels: Array.from(labels.slice(0, count), (label) => labelNames[label]),
    });
    return { train: some(train, 2000), validation: some(dev, 872) };
  }
  const WORDS = 'good bad film the a not very plot end of scene actor dull bright'.split(' ');
  let state = 1;
  const below = (count) => {
    state = (state * 48271) % 2147483647;
    return state % count;
  };
  const rows = (count) => {
    const texts = Array.from({ length: count }, () =>
      Array.from({ length: 3 + below(12) }, () => WORDS[below(WORDS.length)]).join(' '),
    );
    const times = (text, word) => text.split(' ').filter((one) => one === word).length;
    return { texts, labels: texts.map((text) => (times(text, 'good') > times(text, 'bad') ? 'positive' : 'negative')) };
  };
  return { train: rows(2000), validation: rows(800) };
}

async function expectFiles(page, { train, validation }) {
  const options = { ...train, validation, model: 'ngram' };
  const { events, metrics, js, onnx, bytes } = await page.evaluate((asked) => globalThis.studentInTab(asked), options);
  assert.deepEqual([events[0], events.at(-1)], ['start', 'end']);
  assert.ok(metrics.accuracy > 0.6 && bytes > 10_000, `${metrics.accuracy}, ${bytes}`);
  assert.deepEqual(js, ['student.js', 'student.d.ts', 'package.json']);
  assert.deepEqual(onnx, ['model.onnx', 'ngrams.json']);
}

try {
  const { loadMnist } = await import('retort-ml/data');
  const { trainDigits } = await import('./digits.js');
  const { trainStudents } = await import('./students.js');
  const mnist = await loadMnist(join(scratch, 'mnist'));
  const wanted = await trainDigits(mnist);
  const data = Object.fromEntries(
    Object.entries(mnist).flatMap(([name, { images, labels }]) => [
      [`${name}-images`, images],
      [`${name}-labels`, labels],
    ]),
  );
  const texts = await textRows();
  data.texts = JSON.stringify(texts);
  const wantedStudents = await trainStudents(texts);
  if (existsSync(CHROMIUM)) {
    await bundle({
      entryPoints: ['page.js', 'worker.js', 'student-worker.js'],
      splitting: true,
      outdir: join(scratch, 'site'),
    });
    await inChromium(data, {}, async (page) => {
      const found = await trained(page, 'digits', 1);
      expectSame(found, wanted, 'one thread');
      const seconds = Object.values(found).reduce((sum, model) => sum + model.seconds, 0);
      console.log(`the article's three models: ${seconds.toFixed(1)} s in the tab`);
    });
    await inChromium(data, {}, async (page) => {
      expectSame(await trained(page, 'students', 1), wantedStudents, 'one thread');
      await expectFiles(page, texts);
    });
    await inChromium(data, ISOLATED, async (page) => {
      assert.equal(await page.evaluate(() => globalThis.crossOriginIsolated), true);
      expectSame(await trained(page, 'digits', 2), wanted, 'two threads');
    });
  } else console.log(`not in Chromium, since there is no ${CHROMIUM}`);
} finally {
  rmSync(scratch, { recursive: true, force: true });
}
