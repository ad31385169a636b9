// Plays every part of `retort playground` in Chromium as a reader does, by mouse and by keyboard; runs axe-core on each; sees
// that no request leaves the page's own address; weighs the first page; keeps pictures of it at 390, 800 and 1440 px.
// `npm ci` here first, and `npm run build` in the root.
//   node check.mjs [FOLDER for pictures] [--only PART]
import assert from 'node:assert/strict';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { parseArgs } from 'node:util';
import { chromium } from 'playwright-core';
import { CHROMIUM, CHROMIUM_FLAGS } from '../linked-package.js';
import { started } from './command.js';
import { PLAYS } from './plays.js';
import { distilledFolder } from './student-plays.js';

const { values, positionals } = parseArgs({ options: { only: { type: 'string' } }, allowPositionals: true });
/** Without the runtime, models and data. */
const MOST_BYTES = 300_000;
const WIDTHS = [390, 800, 1440];
const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
/** What counts: the others are advice. */
const SERIOUS = ['serious', 'critical'];

if (!existsSync(CHROMIUM)) {
  console.log(`not in Chromium, since there is no ${CHROMIUM}`);
  process.exit();
}
const scratch = mkdtempSync(join(tmpdir(), 'playground-'));
const pictures = positionals[0] ?? join(scratch, 'pictures');
mkdirSync(pictures, { recursive: true });
// The primer has models of its own beside it.
const command = await started([distilledFolder(scratch)]);
const browser = await chromium.launch({ executablePath: CHROMIUM, args: CHROMIUM_FLAGS });
const { origin } = new URL(command.url);

/** A page that fails with the check: what it throws, what it cannot load, and what it asks of others. */
async function opened(part, options) {
  const context = await browser.newContext(options);
  const page = await context.newPage();
  const failures = [];
  const sizes = [];
  page.on('pageerror', (error) => failures.push(String(error.stack ?? error)));
  page.on('console', (message) => message.type() === 'error' && failures.push(message.text()));
  page.on('request', (request) => {
    const url = request.url();
    if (!url.startsWith(`${origin}/`) && !/^(data|blob):/.test(url)) failures.push(`a request to ${url}`);
  });
  page.on('response', (response) => {
    // The printed address leads on to the one without the token.
    if (response.status() >= 300 && response.status() < 400) return;
    sizes.push(response.body().then((body) => [new URL(response.url()).pathname, body.length]));
  });
  await page.goto(`${command.url}#${part}`);
  return { page, failures, sizes, close: () => context.close() };
}

async function expectAccessible(page, part) {
  // Not by a script element: the page's policy forbids it.
  await page.evaluate(AXE);
  const { violations } = await page.evaluate(() => globalThis.axe.run(document, { resultTypes: ['violations'] }));
  const found = violations.filter(({ impact }) => SERIOUS.includes(impact));
  const told = found.map(
    ({ id, nodes }) =>
      `${id}: ${nodes.map(({ html, failureSummary }) => `${html}\n    ${failureSummary}`).join('\n  ')}`,
  );
  assert.deepEqual(told, [], `axe-core in ${part}`);
}

async function expectNoSidewaysScroll(page, where) {
  const { wide, has } = await page.evaluate(() => ({
    wide: document.documentElement.scrollWidth,
    has: document.documentElement.clientWidth,
  }));
  assert.ok(wide <= has, `${where}: ${wide} px of content in ${has} px`);
}

try {
  for (const [part, play] of Object.entries(PLAYS)) {
    if (values.only !== undefined && values.only !== part) continue;
    const begun = performance.now();
    const { page, failures, sizes, close } = await opened(part, { viewport: { width: 1440, height: 900 } });
    const facts = await play(page).catch(async (error) => {
      console.error([...failures, ...(await page.locator('.failure').allTextContents())].join('\n'));
      await page.screenshot({ path: join(pictures, `${part}-failed.png`), fullPage: true });
      throw error;
    });
    await expectAccessible(page, part);
    for (const width of WIDTHS) {
      await page.setViewportSize({ width, height: 900 });
      for (const colorScheme of ['light', 'dark']) {
        await page.emulateMedia({ colorScheme });
        await page.screenshot({ path: join(pictures, `${part}-${width}-${colorScheme}.png`), fullPage: true });
      }
      await expectNoSidewaysScroll(page, `${part} at ${width} px`);
    }
    await page.emulateMedia({ colorScheme: 'dark' });
    await expectAccessible(page, `${part}, dark`);
    assert.deepEqual(failures, [], part);
    if (part === Object.keys(PLAYS)[0]) {
      const bytes = (await Promise.all(sizes)).filter(([path]) => !/^\/(ort|models|digits)/.test(path));
      const sum = bytes.reduce((all, [, size]) => all + size, 0);
      console.log(`first page: ${sum} bytes of ${bytes.map(([path]) => path).join(', ')}`);
      assert.ok(sum <= MOST_BYTES, `more than ${MOST_BYTES} bytes`);
    }
    console.log(`${part}: played in ${((performance.now() - begun) / 1000).toFixed(1)} s${facts ? `; ${facts}` : ''}`);
    await close();
  }
  if (positionals[0] !== undefined) console.log(`pictures in ${pictures}`);
} finally {
  await browser.close();
  await command.stop();
  rmSync(scratch, { recursive: true, force: true });
}
