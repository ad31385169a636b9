// The playground in its other forms: as static files below a path of a plain web server, with a primer run of the user's behind
// the token, and without onnxruntime-web.
//   node sites.mjs
import assert from 'node:assert/strict';
import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { extname, join } from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { chromium } from 'playwright-core';
import { CHROMIUM, CHROMIUM_FLAGS } from '../linked-package.js';
import { started, written } from './command.js';

if (!existsSync(CHROMIUM)) {
  console.log(`not in Chromium, since there is no ${CHROMIUM}`);
  process.exit();
}
const root = fileURLToPath(new URL('../../../', import.meta.url));
const scratch = mkdtempSync(join(tmpdir(), 'playground-sites-'));
const browser = await chromium.launch({ executablePath: CHROMIUM, args: CHROMIUM_FLAGS });
const TYPES = { '.html': 'text/html', '.css': 'text/css', '.wasm': 'application/wasm' };

/** As any host of static files does it: no headers of its own. */
async function hosted(folder, below) {
  const server = createServer(({ url }, response) => {
    const path = new URL(url, 'http://localhost').pathname;
    const file = join(folder, path.slice(below.length) || 'index.html');
    if (!path.startsWith(below) || !existsSync(file)) response.writeHead(404).end();
    else response.writeHead(200, { 'content-type': TYPES[extname(file)] ?? 'text/javascript' }).end(readFileSync(file));
  });
  await new Promise((done) => server.listen(0, '127.0.0.1', done));
  return { url: `http://127.0.0.1:${server.address().port}${below}`, close: () => server.close() };
}

async function visit(url, look) {
  const page = await (await browser.newContext()).newPage();
  const failures = [];
  page.on('pageerror', (error) => failures.push(String(error.stack ?? error)));
  page.on('console', (message) => message.type() === 'error' && failures.push(message.text()));
  await page.goto(url);
  await look(page);
  assert.deepEqual(failures, [], url);
  await page.context().close();
}

const trains = async (page) => {
  await page.locator('.seeds').getByRole('button', { name: 'Train both' }).click();
  await page.locator('.seeds').getByRole('button', { name: 'One more seed' }).waitFor({ timeout: 120_000 });
  assert.equal(await page.locator('.seeds tbody tr').count(), 1);
};

try {
  const site = join(scratch, 'site');
  await written([], site);
  const host = await hosted(site, '/papers/playground/');
  await visit(`${host.url}#train`, trains);
  await visit(host.url, (page) => page.getByText(/Its label is 6/).waitFor());
  host.close();
  console.log('static files below a path: read and trained');

  // Models of the user's: here small and student are one.
  const run = join(scratch, 'primer');
  const models = { teacher: 'teacher', small: 'small', 'small-with-kd': 'small' };
  for (const [place, name] of Object.entries(models)) {
    cpSync(join(root, 'playground', 'models', name), join(run, place, 'last.ckpt'), { recursive: true });
  }
  const own = await started([run]);
  await visit(own.url, async (page) => {
    await page.getByText(/Its label is 6/).waitFor();
    assert.equal(new URL(page.url()).search, '', 'the token stays in the address');
    const [, small, student] = await page.locator('.card .bars desc').allTextContents();
    assert.equal(student, small);
    assert.match(await page.locator('.card .note').first().textContent(), /yours/);
  });
  const { failure } = await (await browser.newPage()).goto(new URL('/', own.url).href).then(async (response) => {
    await response.frame().locator('.failure').waitFor();
    return { failure: await response.frame().locator('.failure').textContent() };
  });
  assert.match(failure, /open the page by the address that retort playground prints/);
  await own.stop();
  console.log('a folder: shown to whoever has the address');

  const bare = await started([], { cwd: scratch });
  await visit(`${bare.url}#train`, (page) => page.getByText('npm install onnxruntime-web@1.30.0').waitFor());
  await visit(bare.url, (page) => page.getByText(/Its label is 6/).waitFor());
  await bare.stop();
  console.log('without onnxruntime-web: read, and told how to train');
} finally {
  await browser.close();
  rmSync(scratch, { recursive: true, force: true });
}
