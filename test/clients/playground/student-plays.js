// What a reader does in the parts about students of texts, and what has to come of it.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import { fileURLToPath, pathToFileURL } from 'node:url';

const main = fileURLToPath(new URL('../../../dist/cli/main.js', import.meta.url));

const WORDS = 'plot scene actor story music pace camera ending hero joke'.split(' ');
const SAYS = { good: ['gripping', 'funny', 'warm', 'bright', 'clever'], bad: ['dull', 'slow', 'cold', 'silly', 'stale'] };

/** Made-up reviews; the same on each call. */
export function reviews(count) {
  let state = 7;
  const pick = (list) => {
    state = (state * 48271) % 2147483647;
    return list[state % list.length];
  };
  return Array.from({ length: count }, () => {
    const label = pick(Object.keys(SAYS));
    const words = Array.from({ length: 8 }, () => `${pick(SAYS[label])} ${pick(WORDS)}`);
    return { text: `${words.join(', ')} and a ${pick(SAYS[pick(Object.keys(SAYS))])} ${pick(WORDS)}`, label };
  });
}

const csvOf = (rows) => `text,label\n${rows.map(({ text, label }) => `"${text}",${label}`).join('\n')}\n`;

/** A small experiment of `retort distill`, with its teacher. */
export function distilledFolder(scratch) {
  const rows = join(scratch, 'reviews.csv');
  writeFileSync(rows, csvOf(reviews(300)));
  const folder = join(scratch, 'reviews');
  const flags = ['--teacher', 'ngram', '--teacher_epochs', '2', '--model', 'ngram', '--seeds', '1', '--controls', 'none', '--threads', '1'];
  execFileSync(process.execPath, [main, 'distill', rows, ...flags, '--output_dir', folder], { stdio: ['ignore', 'pipe', 'pipe'], encoding: 'utf8' });
  return folder;
}

/** Everything that a page asks for from now on. */
function requestsOf(page) {
  const seen = [];
  page.on('request', (request) => seen.push({ method: request.method(), url: request.url(), body: request.postData() }));
  return seen;
}

async function trained(page) {
  await page.getByRole('button', { name: 'Train', exact: true }).click();
  await page.getByRole('heading', { name: 'What came of it' }).waitFor({ timeout: 240_000 });
}

/** From rows to a file that answers in Node as in the page. */
export async function distil(page) {
  const rows = (text, name) => ({ name, mimeType: 'text/csv', buffer: Buffer.from(text) });
  const chooser = page.getByLabel('A file with a column of texts and one of labels');
  await chooser.setInputFiles(rows(csvOf(reviews(20)).replace(/\n/, '\none,good,too\n'), 'wide.csv'));
  await page.getByText('wide.csv:2: wanted 2 columns, separated by \',\', got 3.').waitFor();
  assert.ok(await page.getByRole('button', { name: 'Train', exact: true }).isDisabled());
  const large = await fiveThousand(page);
  // Once the worker's scripts are there, nothing is asked for: what was read stays here.
  await page.getByRole('button', { name: 'Use an example' }).click();
  await page.getByText(/900 rows, 4 labels/).waitFor();
  await trained(page);
  const seen = requestsOf(page);
  await trained(page);
  const cells = await page.locator('.scores tbody tr').allTextContents();
  assert.equal(cells.length, 3, `with the teacher, without, the teacher itself: ${cells}`);
  assert.match(await page.locator('.verdict').first().textContent(), /points \(95 % interval/);
  const sentence = 'my parcel has not arrived and i was charged twice';
  await page.getByLabel('A text').fill(sentence);
  await page.locator('.card .answer').first().filter({ hasText: ' ms' }).waitFor();
  const shown = await page.locator('.card').first().locator('.shares tr').allTextContents();
  const [download] = await Promise.all([
    page.waitForEvent('download'),
    page.locator('a[data-arm="taught"]').click(),
  ]);
  const folder = mkdtempSync(join(process.env.TMPDIR ?? '/tmp', 'student-'));
  writeFileSync(join(folder, 'package.json'), '{"type":"module"}');
  const path = join(folder, 'student.js');
  await download.saveAs(path);
  assert.equal(download.suggestedFilename(), 'student.js');
  const { predict, labels } = await import(pathToFileURL(path).href);
  const { label, probabilities } = predict(sentence);
  const told = labels.map((name, c) => `${name}${inPercent(probabilities[c])}`);
  assert.deepEqual(shown, told, 'the downloaded file predicts as the page does');
  assert.equal(await page.locator('.card .answer').first().textContent().then((text) => text.split(',')[0]), label);
  const asked = seen.filter(({ url }) => !url.startsWith('blob:'));
  const workers = asked.filter(({ url, method, body }) => method === 'GET' && body === null && url.endsWith('.js'));
  assert.deepEqual(asked, workers, 'rows of the reader were sent');
  return `${large}; 900 texts in ${await page.locator('.scores tbody tr').first().locator('td').last().textContent()}`;
}

/** As the page writes them. */
function inPercent(probability) {
  const value = 100 * probability;
  if (value >= 9.95) return `${value.toFixed(0)} %`;
  return value >= 0.1 || value === 0 ? `${value.toFixed(1)} %` : '< 0.1 %';
}

/** How long 5,000 texts take is printed, for whoever measures on a quiet machine: at most 30 s there. */
async function fiveThousand(page) {
  const chooser = page.getByLabel('A file with a column of texts and one of labels');
  await chooser.setInputFiles({ name: 'reviews.csv', mimeType: 'text/csv', buffer: Buffer.from(csvOf(reviews(5000))) });
  await page.getByText(/5,000 rows/).waitFor();
  const begun = performance.now();
  await trained(page);
  return `n-grams of 5,000 texts in ${((performance.now() - begun) / 1000).toFixed(1)} s, from the click on`;
}

/** A student of the reader's beside its teacher. */
export async function student(page) {
  const text = page.getByLabel('A text');
  await text.fill('a gripping plot, a warm scene and a dull ending');
  const cards = page.locator('.card');
  await cards.first().locator('.note', { hasText: 'the median of' }).waitFor();
  assert.equal(await cards.count(), 2, 'student and teacher');
  await cards.nth(1).locator('.note', { hasText: 'the median of' }).waitFor();
  assert.equal(await cards.first().locator('.answer').textContent(), 'good');
  assert.ok((await page.locator('.features tbody tr').count()) > 3, 'n-grams and their weights');
  const threshold = page.getByLabel('Threshold');
  await threshold.focus();
  await page.keyboard.press('Home');
  await page.getByText('The student answers').waitFor();
  await page.keyboard.press('End');
  await page.getByText('The teacher is asked').waitFor();
  return cards.first().locator('.note').last().textContent();
}
