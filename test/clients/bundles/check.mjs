// Weighs the browser bundle of `retort-ml/inference`, and runs it in Chromium, in a worker, in Bun and in Deno on exported
// models, whose answers have to be Node's. `npm ci` here first, and `npm run build` in the root.
//   node check.mjs [--sizes]
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { extname, join } from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { CHROMIUM, CHROMIUM_FLAGS, linkPackage } from '../linked-package.js';

const here = fileURLToPath(new URL('.', import.meta.url));
/** Gzipped, error texts included, without ONNX Runtime: what a page loads for a model that reads token ids. */
const MOST = { withoutTokenizers: 15_000, withTokenizers: 30_000 };
/** float32 in another build of ONNX Runtime, and in batches of other sizes. */
const TOLERANCE = 1e-5;

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

/** What is imported on demand is not in it: n-gram features, `vocab.txt`, graphs of other tools. */
const withoutLazy = {
  name: 'without what is imported on demand',
  setup: ({ onResolve }) =>
    onResolve({ filter: /./ }, ({ kind, path }) => (kind === 'dynamic-import' ? { path, external: true } : undefined)),
};

async function weigh(code, external) {
  const { outputFiles, metafile } = await bundle({
    stdin: { contents: code, resolveDir: here },
    write: false,
    metafile: true,
    external,
    plugins: [withoutLazy],
  });
  const inputs = Object.keys(metafile.inputs).filter((name) => !name.startsWith('<'));
  return { gzipped: gzipSync(outputFiles[0].contents, { level: 9 }).length, inputs };
}

const LOAD = "export { load } from 'retort-ml/inference'";
const TOKENIZERS = '@huggingface/tokenizers';
const small = await weigh(LOAD, [TOKENIZERS]);
const whole = await weigh(LOAD, []);
const all = await weigh("export * from 'retort-ml/inference'", []);
console.log(`load: ${small.gzipped} bytes gzipped, ${whole.gzipped} with ${TOKENIZERS}; all exports ${all.gzipped}`);
assert.ok(small.gzipped <= MOST.withoutTokenizers, `more than ${MOST.withoutTokenizers} bytes without the tokenizers`);
assert.ok(whole.gzipped <= MOST.withTokenizers, `more than ${MOST.withTokenizers} bytes with the tokenizers`);
const OURS = 'node_modules/retort-ml/';
const isKnown = (name) =>
  [`${OURS}dist/`, `${OURS}node_modules/${TOKENIZERS}/`].some((start) => name.startsWith(start));
assert.deepEqual(
  all.inputs.filter((name) => !isKnown(name)),
  [],
  'other packages in the bundle',
);
assert.ok(all.inputs.length > 20, 'the bundle has the package');
// The bundler refuses modules of Node by itself.
assert.deepEqual(
  all.inputs.filter((name) => /\/(training|autograd|models)\//.test(name)),
  [],
);
if (process.argv.includes('--sizes')) process.exit();

const scratch = mkdtempSync(join(tmpdir(), 'bundles-'));

function expectSame(found, wanted, where) {
  assert.equal(found?.length, wanted.length, where);
  for (const [i, { label, probabilities }] of wanted.entries()) {
    assert.equal(found[i].label, label, `${where}, text ${i + 1}`);
    for (const [c, p] of probabilities.entries()) {
      assert.ok(Math.abs(found[i].probabilities[c] - p) < TOLERANCE, `${where}, text ${i + 1}, class ${c}`);
    }
  }
}

function expectAnswers(found, wanted, where) {
  for (const [name, { answers }] of Object.entries(wanted)) expectSame(found[name], answers, `${where}, ${name}`);
  expectSame(found['bert in a worker'], wanted.bert.answers, `${where}, bert in a worker`);
}

const TYPES = {
  '.js': 'text/javascript',
  '.mjs': 'text/javascript',
  '.wasm': 'application/wasm',
  '.html': 'text/html',
};

/** The page, its bundles, the models and ONNX Runtime's files. */
function serve() {
  const places = {
    '/ort/': join(here, 'node_modules/onnxruntime-web/dist/'),
    '/students/': join(scratch, 'students/'),
  };
  const server = createServer(({ url }, response) => {
    const { pathname } = new URL(url, 'http://localhost');
    const prefix = Object.keys(places).find((one) => pathname.startsWith(one));
    const file = prefix ? join(places[prefix], pathname.slice(prefix.length)) : join(scratch, 'site', pathname);
    if (pathname === '/') {
      response.writeHead(200, { 'content-type': 'text/html' });
      response.end('<!doctype html><title>bundle</title><script type="module" src="/page.js"></script>');
    } else if (!existsSync(file)) response.writeHead(404).end();
    else {
      response.writeHead(200, { 'content-type': TYPES[extname(file)] ?? 'application/octet-stream' });
      response.end(readFileSync(file));
    }
  });
  return new Promise((done) => server.listen(0, '127.0.0.1', () => done(server)));
}

async function inChromium(wanted) {
  const { chromium } = await import('playwright-core');
  await bundle({ entryPoints: ['page.js', 'worker.js'], splitting: true, outdir: join(scratch, 'site') });
  const server = await serve();
  const browser = await chromium.launch({
    executablePath: CHROMIUM,
    args: CHROMIUM_FLAGS,
  });
  try {
    const page = await browser.newPage();
    page.on('pageerror', (error) => console.error(error));
    await page.goto(`http://127.0.0.1:${server.address().port}/`);
    await page.waitForFunction(() => globalThis.answered !== undefined);
    const found = await page.evaluate(() => globalThis.answered);
    assert.equal(found.failed, undefined, found.failed);
    expectAnswers(found, wanted, 'Chromium');
    expectSame(found['bert from bytes'], wanted.bert.answers, 'Chromium, bert from bytes');
    for (const [name, { answers }] of Object.entries(wanted)) {
      expectSame(found[`${name}, two calls`], answers.slice(0, 2), `Chromium, ${name}, two calls`);
    }
    assert.equal(found.error, 'OptionError: text 1: wanted a text, or [text, pair], got 5');
    assert.match(found.missing, /^FileError: \/students\/nothing\/: wanted model\.onnx or .*, got none/);
  } finally {
    await browser.close();
    server.close();
  }
}

/** The program of a package that brings one, wherever its installer has put it. */
function programOf(packages, names) {
  for (const name of packages) {
    const folder = join(here, 'node_modules', name);
    const file = names.map((one) => join(folder, one)).find((one) => existsSync(one));
    if (file !== undefined) return file;
  }
  const found = existsSync(join(here, 'node_modules')) ? readdirSync(join(here, 'node_modules')).join(', ') : 'nothing';
  throw new Error(`no program of ${packages.join(' or ')} among ${found}: npm ci`);
}

function inProgram(name, program, args, wanted) {
  const { status, stdout, stderr } = spawnSync(program, [...args, 'answers.mjs', join(scratch, 'students')], {
    cwd: here,
    encoding: 'utf8',
    maxBuffer: 2 ** 26,
  });
  assert.equal(status, 0, `${name}: ${stderr}`);
  expectAnswers(JSON.parse(stdout), wanted, name);
}

try {
  const { makeStudents } = await import('./make-students.js');
  const wanted = JSON.parse(JSON.stringify(await makeStudents(join(scratch, 'students'))));
  const deno = programOf(['deno', '@deno/linux-x64-glibc'], ['deno']);
  const bun = programOf(['bun', '@oven/bun-linux-x64'], ['bin/bun', 'bin/bun.exe']);
  inProgram('Node', process.execPath, [], wanted);
  inProgram('Bun', bun, [], wanted);
  inProgram('Deno', deno, ['run', '--allow-all', '--no-lock', '--node-modules-dir=manual'], wanted);
  const isThere = existsSync(CHROMIUM);
  if (isThere) await inChromium(wanted);
  const where = isThere ? 'Chromium and its worker' : `not Chromium, since there is no ${CHROMIUM}`;
  console.log(`the same answers in Node, Bun, Deno; ${where}`);
} finally {
  rmSync(scratch, { recursive: true, force: true });
}
