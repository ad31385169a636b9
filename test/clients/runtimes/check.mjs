// Runs students of one JavaScript file in Node, Bun, Deno, workerd (through Miniflare, by examples/edge-worker), Chromium and, where
// it is installed, Firefox: their answers have to be ONNX Runtime's on the same int8 weights. `npm ci` here first, and `npm run build` in the root.
//   node check.mjs
import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { CHROMIUM, CHROMIUM_FLAGS, linkPackage } from '../linked-package.js';

const here = fileURLToPath(new URL('.', import.meta.url));
const root = fileURLToPath(new URL('../../..', import.meta.url));
const FIREFOX = process.env.FIREFOX ?? '/usr/bin/firefox-esr';
/** float32 in other orders of sums. */
const TOLERANCE = 1e-5;

linkPackage(here);

const scratch = mkdtempSync(join(tmpdir(), 'runtimes-'));
const students = join(scratch, 'students');

function expectSame(found, { answers }, where) {
  assert.equal(found.length, answers.length, where);
  for (const [i, { label, probabilities }] of answers.entries()) {
    assert.equal(found[i].label, label, `${where}, text ${i + 1}`);
    for (const [c, p] of probabilities.entries()) {
      assert.ok(Math.abs(found[i].probabilities[c] - p) < TOLERANCE, `${where}, text ${i + 1}, class ${c}`);
    }
  }
}

function expectAll(found, wanted, where) {
  for (const [name, one] of Object.entries(wanted)) expectSame(found[name].answers, one, `${where}, ${name}`);
  assert.equal(found.bilstm.kernels, 'simd', where);
}

/** The program of a package that brings one, wherever its installer has put it. */
function programOf(packages, names) {
  const files = packages.flatMap((name) => names.map((one) => join(here, 'node_modules', name, one)));
  const found = files.find((file) => existsSync(file));
  if (found !== undefined) return found;
  throw new Error(`none of ${files.join(', ')}: npm ci`);
}

function inProgram(name, program, args, wanted) {
  const { status, stdout, stderr } = spawnSync(program, [...args, 'answers.mjs', students], {
    cwd: here,
    encoding: 'utf8',
    maxBuffer: 2 ** 26,
  });
  assert.equal(status, 0, `${name}: ${stderr}`);
  expectAll(JSON.parse(stdout), wanted, name);
}

/** The example as it stands, with each student in its place. */
async function inWorkerd(wanted) {
  const { Miniflare } = await import('miniflare');
  const example = join(root, 'examples/edge-worker');
  for (const name of Object.keys(wanted)) {
    for (const script of ['worker.js', ...(name === 'bilstm' ? ['worker-simd.js'] : [])]) {
      const folder = join(scratch, `${name}-${script.slice(0, -3)}`);
      mkdirSync(folder);
      for (const file of ['worker.js', 'worker-simd.js']) cpSync(join(example, file), join(folder, file));
      cpSync(join(students, name), join(folder, 'student'), { recursive: true });
      const miniflare = new Miniflare({
        modulesRoot: folder,
        scriptPath: join(folder, script),
        modules: true,
        modulesRules: [
          { type: 'ESModule', include: ['**/*.js'] },
          { type: 'CompiledWasm', include: ['**/*.wasm'] },
        ],
        compatibilityDate: '2025-11-25',
      });
      try {
        const place = await miniflare.ready;
        const { inputs, answers } = wanted[name];
        const reply = await fetch(place, { method: 'POST', body: JSON.stringify(inputs) });
        assert.equal(reply.status, 200, await reply.clone().text());
        expectSame(await reply.json(), wanted[name], `workerd, ${name}, ${script}`);
        if (name === 'ngram') {
          const one = await fetch(new URL(`?text=${encodeURIComponent(inputs[0])}`, place));
          assert.equal((await one.json()).label, answers[0].label);
          assert.deepEqual(await (await fetch(place)).json(), { labels: ['no', 'maybe', 'yes'] });
          const wrong = await fetch(place, { method: 'POST', body: JSON.stringify(['a', 5]) });
          assert.equal(wrong.status, 400);
          assert.deepEqual(await wrong.json(), { error: 'predict, text 2: wanted a text, got number' });
        }
      } finally {
        await miniflare.dispose();
      }
    }
  }
}

const PAGE = `<!doctype html><title>students</title><script type="module">
  try {
    const found = {};
    for (const [name, inputs] of await (await fetch('/inputs.json')).json()) {
      const student = await import('/' + name + '/student.js');
      found[name] = { answers: student.predict(inputs), kernels: student.kernels?.() };
    }
    globalThis.found = found;
  } catch (error) { globalThis.found = { failed: String(error) }; }
</script>`;

/** What a browser answers on the page. */
async function inBrowser(name, wanted, visit) {
  const server = createServer(({ url }, response) => {
    const file = join(students, new URL(url, 'http://localhost').pathname);
    const isPage = url === '/';
    if (!isPage && !existsSync(file)) return response.writeHead(404).end();
    const type = isPage ? 'text/html' : file.endsWith('.js') ? 'text/javascript' : 'application/json';
    response.writeHead(200, { 'content-type': `${type}; charset=utf-8` });
    response.end(isPage ? PAGE : readFileSync(file));
  });
  await new Promise((done) => server.listen(0, '127.0.0.1', done));
  try {
    const found = await visit(`http://127.0.0.1:${server.address().port}/`);
    assert.equal(found.failed, undefined);
    expectAll(found, wanted, name);
  } finally {
    server.close();
  }
}

async function chromiumVisit(address) {
  const { chromium } = await import('playwright-core');
  const browser = await chromium.launch({
    executablePath: CHROMIUM,
    args: CHROMIUM_FLAGS,
  });
  try {
    const page = await browser.newPage();
    await page.goto(address);
    await page.waitForFunction(() => globalThis.found !== undefined);
    return await page.evaluate(() => globalThis.found);
  } finally {
    await browser.close();
  }
}

/** By WebDriver BiDi, which Firefox speaks by itself. */
async function firefoxVisit(address) {
  const { default: WebSocket } = await import('ws');
  const profile = join(scratch, 'firefox');
  mkdirSync(profile);
  const args = ['--headless', '--no-remote', '--profile', profile, '--remote-debugging-port', '0', 'about:blank'];
  const firefox = spawn(FIREFOX, args, { env: { ...process.env, HOME: profile } });
  const ended = new Promise((done) => firefox.on('exit', done));
  try {
    const place = await new Promise((done, fail) => {
      let said = '';
      firefox.stderr.on('data', (data) => {
        said += data;
        const listening = /WebDriver BiDi listening on (ws:\S+)/.exec(said);
        if (listening) done(listening[1]);
      });
      firefox.on('exit', () => fail(new Error(said)));
    });
    const socket = new WebSocket(`${place}/session`);
    await new Promise((done, fail) => socket.on('open', done).on('error', fail));
    let calls = 0;
    const call = (method, params) =>
      new Promise((done, fail) => {
        const id = ++calls;
        socket.on('message', (data) => {
          const reply = JSON.parse(data);
          if (reply.id !== id) return;
          if (reply.type === 'success') done(reply.result);
          else fail(new Error(`${method}: ${data}`));
        });
        socket.send(JSON.stringify({ id, method, params }));
      });
    await call('session.new', { capabilities: {} });
    const { contexts } = await call('browsingContext.getTree', {});
    const { context } = contexts[0];
    await call('browsingContext.navigate', { context, url: address, wait: 'complete' });
    const expression = `new Promise((done) => {
      const look = () => (globalThis.found === undefined ? setTimeout(look, 20) : done(JSON.stringify(globalThis.found)));
      look();
    })`;
    const { result } = await call('script.evaluate', { expression, target: { context }, awaitPromise: true });
    return JSON.parse(result.value);
  } finally {
    firefox.kill();
    await ended;
  }
}

const BROWSERS = [
  ['Chromium', CHROMIUM, chromiumVisit],
  ['Firefox', FIREFOX, firefoxVisit],
];

try {
  const { makeStudents } = await import('./make-students.js');
  const wanted = await makeStudents(students);
  const labels = new Set(Object.values(wanted).flatMap(({ answers }) => answers.map(({ label }) => label)));
  assert.equal(labels.size, 3, 'students that say the same of everything');
  inProgram('Node', process.execPath, [], wanted);
  inProgram('Bun', programOf(['bun', '@oven/bun-linux-x64'], ['bin/bun', 'bin/bun.exe']), [], wanted);
  const deno = programOf(['deno', '@deno/linux-x64-glibc'], ['deno']);
  inProgram('Deno', deno, ['run', '--allow-all', '--no-lock', '--node-modules-dir=manual'], wanted);
  await inWorkerd(wanted);
  const there = BROWSERS.filter(([, file]) => existsSync(file));
  for (const [name, , visit] of there) await inBrowser(name, wanted, visit);
  const missing = BROWSERS.filter(([, file]) => !existsSync(file)).map(
    ([name, file]) => `; not ${name}: there is no ${file}`,
  );
  console.log(
    `the same answers in Node, Bun, Deno, workerd, ${there.map(([name]) => name).join(', ')}${missing.join('')}`,
  );
} finally {
  rmSync(scratch, { recursive: true, force: true });
}
