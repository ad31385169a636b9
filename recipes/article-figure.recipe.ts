/**
 * @file Draws `docs/images/article.svg`: accuracies of the article's three models over twenty seeds, retort's beside
 * PyTorch's, from `results/`. The article's own single figures are marked.
 *
 *   npm run recipe -- article-figure
 */
import { readFileSync } from 'node:fs';
import { writeFileAtomic } from './write-file.js';

type Run = { readonly teacher: number; readonly small: number; readonly smallKd: number };
type Model = keyof Run;

const MODELS: readonly { readonly key: Model; readonly label: string; readonly article: number }[] = [
  { key: 'teacher', label: 'teacher, 13 K parameters', article: 92.51 },
  { key: 'small', label: 'small model, 3.2 K', article: 63.18 },
  { key: 'smallKd', label: 'small model with KD', article: 71.38 },
];
const [WIDTH, LEFT, RIGHT, TOP, ROW] = [760, 190, 32, 44, 62];
const [LOW, HIGH] = [20, 100];
const OURS = '#0b7285';
const THEIRS = '#868e96';

const x = (percent: number): number => LEFT + ((percent - LOW) / (HIGH - LOW)) * (WIDTH - LEFT - RIGHT);

function dots(runs: readonly Run[], key: Model, y: number, colour: string): string {
  const mean = runs.reduce((total, run) => total + run[key], 0) / runs.length;
  const marks = runs.map(
    (run) => `<circle cx="${x(run[key]).toFixed(1)}" cy="${y}" r="4" fill="${colour}" fill-opacity="0.45"/>`,
  );
  const line = `<line x1="${x(mean).toFixed(1)}" x2="${x(mean).toFixed(1)}" y1="${y - 9}" y2="${y + 9}" stroke="${colour}" stroke-width="2.5"/>`;
  return `${marks.join('')}${line}`;
}

export async function main(): Promise<void> {
  const read = (file: string) => (JSON.parse(readFileSync(file, 'utf8')) as { runs: Run[] }).runs;
  const ours = read('results/mnist-retort.json');
  const theirs = read('results/mnist-pytorch.json');
  const height = TOP + MODELS.length * ROW + 40;
  const ticks = [20, 40, 60, 80, 100].map(
    (percent) =>
      `<line x1="${x(percent)}" x2="${x(percent)}" y1="${TOP - 10}" y2="${height - 34}" stroke="#ced4da"/>` +
      `<text x="${x(percent)}" y="${height - 14}" text-anchor="middle" fill="#495057">${percent} %</text>`,
  );
  const rows = MODELS.map(({ key, label, article }, i) => {
    const y = TOP + i * ROW + 12;
    return (
      `<text x="${LEFT - 16}" y="${y + 16}" text-anchor="end" fill="#212529">${label}</text>` +
      dots(ours, key, y, OURS) +
      dots(theirs, key, y + 24, THEIRS) +
      `<path d="M ${x(article)} ${y - 16} l 5 -8 l -10 0 z" fill="#e8590c"/>`
    );
  });
  const legend =
    `<g transform="translate(${LEFT}, 14)"><circle r="4" fill="${OURS}"/><text x="9" y="4" fill="#212529">retort</text>` +
    `<circle cx="74" r="4" fill="${THEIRS}"/><text x="83" y="4" fill="#212529">PyTorch 2.13</text>` +
    `<path d="M 186 4 l 5 -8 l -10 0 z" fill="#e8590c"/><text x="197" y="4" fill="#212529">the article</text></g>`;
  const title = `MNIST test accuracy of the article's three models, ${ours.length} seeds each`;
  const svg =
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" role="img" aria-label="${title}" ` +
    `font-family="system-ui, sans-serif" font-size="13"><title>${title}</title>` +
    `<rect width="${WIDTH}" height="${height}" fill="#ffffff"/>${ticks.join('')}${legend}${rows.join('')}</svg>\n`;
  await writeFileAtomic('docs/images/article.svg', svg);
}
