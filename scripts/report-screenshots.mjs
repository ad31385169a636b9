// Lays the reports of test/report/text-records.ts out in Chromium, 390, 800 and 1440 px wide and once in the dark, names whatever
// is not readable, and keeps pictures to look at. Exit code 1 if a page scrolls sideways, a table of a wide page scrolls in its
// frame, or two labels overprint each other.
//
//   node scripts/report-screenshots.mjs FOLDER            pages and pictures of all fixtures
//   node scripts/report-screenshots.mjs FOLDER PAGE.html… of these pages instead
//   node scripts/report-screenshots.mjs FOLDER --check    names problems, and keeps no pictures
//
// Chromium is that of Debian (`apt-get install chromium`), or the program that CHROMIUM names.
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join, resolve } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { createViteServer } from 'vitest/node';

const WIDTHS = [390, 800, 1440];
/** From so many pixels on the text has its full width, and no table has to be scrolled. */
const FULL_WIDTH = 1000;
const CHROMIUM = process.env.CHROMIUM ?? 'chromium';
/** Chromium's windows are at least 500 px wide: a page is laid out in a frame. */
const LEAST_WINDOW = 500;
const DARK = ['--blink-settings=preferredColorScheme=0'];
const MOST_HEIGHT = 16_000;

const isCheck = process.argv.includes('--check');
const [folder, ...pages] = process.argv.slice(2).filter((one) => one !== '--check');
if (folder === undefined) {
  console.error('usage: node scripts/report-screenshots.mjs FOLDER [PAGE.html…] [--check]');
  process.exit(2);
}
mkdirSync(folder, { recursive: true });
const scratch = mkdtempSync(join(tmpdir(), 'retort-screenshots-'));
let problems = 0;
try {
  const paths = pages.length > 0 ? pages : await writeFixtures();
  for (const { page, width, height, found } of laidOut(
    paths.flatMap((page) => WIDTHS.map((width) => ({ page, width }))),
  )) {
    const picture = join(folder, `${basename(page, '.html')}-${width}.png`);
    console.log(`${picture}${found.length === 0 ? '' : `: ${found.length} problems`}`);
    for (const one of found) console.log(`  ${one}`);
    problems += found.length;
    if (isCheck) continue;
    photograph(page, picture, width, height);
    if (width === WIDTHS[1]) photograph(page, picture.replace('.png', '-dark.png'), width, height, DARK);
  }
} finally {
  rmSync(scratch, { recursive: true, force: true });
}
process.exitCode = problems === 0 ? 0 : 1;

async function writeFixtures() {
  const root = fileURLToPath(new URL('..', import.meta.url));
  const server = await createViteServer({
    root,
    configFile: false,
    logLevel: 'error',
    server: { middlewareMode: true, watch: null },
  });
  try {
    const { reportFixtures } = await server.ssrLoadModule('/test/report/text-records.ts');
    const { reportHtml } = await server.ssrLoadModule('/src/report/html.ts');
    return Object.entries(reportFixtures()).map(([name, record]) => {
      const path = join(folder, `${name}.html`);
      writeFileSync(path, reportHtml(record));
      return path;
    });
  } finally {
    await server.close();
  }
}

function photograph(page, picture, width, height, flags = []) {
  const size = `--window-size=${Math.max(width, LEAST_WINDOW)},${height}`;
  chromium([`--screenshot=${picture}`, size, ...flags], framed([{ page, width, height }]));
}

/** How high each page is at its width, and what is wrong with it. */
function laidOut(all) {
  const dom = chromium(['--dump-dom', '--window-size=1500,900'], framed(all.map((one) => ({ ...one, height: 900 }))));
  const [, json = ''] = /<output>(.+?)<\/output>/s.exec(dom) ?? [];
  if (json === '') throw new Error('Chromium has not measured the pages');
  const measured = JSON.parse(json.replace(/&lt;/g, '<').replace(/&gt;/g, '>').replace(/&amp;/g, '&'));
  return all.map((one, i) => ({ ...one, found: measured[i].found, height: Math.min(measured[i].height, MOST_HEIGHT) }));
}

/** Pages in frames of their widths, measured by a script outside them: they may run none themselves. */
function framed(all) {
  const path = join(scratch, 'frames.html');
  const frames = all.map(({ page, width, height }) => {
    const source = readFileSync(resolve(page), 'utf8').replace(/&/g, '&amp;').replace(/"/g, '&quot;');
    return `<iframe width="${width}" height="${height}" srcdoc="${source}"></iframe>`;
  });
  writeFileSync(
    path,
    `<!doctype html><meta charset="utf-8"><style>body{margin:0}iframe{border:0;display:block}output{display:none}</style>
${frames.join('\n')}<output></output>
<script>onload=()=>{document.querySelector('output').textContent=JSON.stringify([...document.querySelectorAll('iframe')].map((one)=>(${measure})(one.contentDocument,one.width>=${FULL_WIDTH})))}</script>`,
  );
  return pathToFileURL(path).href;
}

/** Runs in the browser. */
function measure(page, isFull) {
  const root = page.documentElement;
  const found = [];
  if (root.scrollWidth > root.clientWidth) {
    const wide = [...page.querySelectorAll('main *')].filter((one) => {
      return one.getBoundingClientRect().right > root.clientWidth + 1 && one.closest('.scroll') === null;
    });
    found.push(
      `scrolls sideways: ${root.scrollWidth} px on ${root.clientWidth}, ${wide.slice(0, 3).map((one) => `${one.localName}.${one.getAttribute('class')}`)}`,
    );
  }
  for (const one of isFull ? page.querySelectorAll('.scroll') : []) {
    // One column per arm, of those who ask for it.
    if (one.closest('details') !== null || one.scrollWidth <= one.clientWidth) continue;
    found.push(`scrolls in its frame: ${one.getAttribute('aria-label')}, ${one.scrollWidth} px in ${one.clientWidth}`);
  }
  const overlap = (a, b) =>
    Math.min(a.right, b.right) - Math.max(a.left, b.left) > 1 &&
    Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top) > 2;
  for (const chart of page.querySelectorAll('svg.chart')) {
    const labels = [...chart.querySelectorAll('text')].map((one) => [one.textContent, one.getBoundingClientRect()]);
    labels.forEach(([text, box], i) => {
      for (const [other, otherBox] of labels.slice(i + 1)) {
        if (overlap(box, otherBox)) found.push(`labels overprint in a chart: ${text} and ${other}`);
      }
    });
  }
  // A cell whose words need more room than it has: they are broken, or run into the next one.
  const range = page.createRange();
  for (const one of page.querySelectorAll('th, td, dd, li p, li li, blockquote, figcaption')) {
    range.selectNodeContents(one);
    const box = one.getBoundingClientRect();
    if (box.width > 0 && one.querySelector('.hidden') === null && range.getBoundingClientRect().right > box.right + 1)
      found.push(`runs out of its place: ${one.textContent.slice(0, 60)}`);
  }
  for (const one of page.querySelectorAll('blockquote, .answers')) {
    const { width } = one.getBoundingClientRect();
    if (width > 0 && width < 150) found.push(`only ${Math.round(width)} px wide: ${one.textContent.slice(0, 60)}`);
  }
  return { height: Math.ceil(root.scrollHeight), found };
}

function chromium(flags, url) {
  const { stdout, stderr, status, error } = spawnSync(
    CHROMIUM,
    ['--headless', '--no-sandbox', '--disable-gpu', '--hide-scrollbars', `--user-data-dir=${scratch}`, ...flags, url],
    { encoding: 'utf8', maxBuffer: 2 ** 28 },
  );
  if (error)
    throw new Error(`${CHROMIUM} does not start (${error.message}); install it, or name another with CHROMIUM`);
  if (status !== 0) throw new Error(`${CHROMIUM} ended with ${status}:\n${stderr}`);
  return stdout;
}
