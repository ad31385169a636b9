/**
 * @file Draws `docs/images/never-seen.svg`: how many threes students recognise that never saw one, and the first of these
 * images with what three of them predict, from `results/never-seen.json`.
 *
 *   npm run recipe -- never-seen-figure
 */
import { readFileSync } from 'node:fs';
import type { NeverSeen } from '../src/entries/experiments.js';
import { COLOUR, FAINT, INK, LINE, svg, text } from './picture.js';
import { writeFileAtomic } from './write-file.js';

const SIDE = 28;
const GREYS = 6;
const [WIDTH, LEFT, RIGHT, TOP, ROW] = [760, 236, 70, 26, 27];
const [CELL, LINE_HEIGHT] = [36, 22];

const LABELS: Readonly<Record<string, string>> = {
  't-20': 'soft targets, T = 20',
  't-4': 'soft targets, T = 4',
  't-1': 'soft targets, T = 1',
  'hard-labels': "teacher's predicted class",
  labels: 'labels',
  'all-digits': 'labels, with threes',
};
const SHOWN = ['t-20', 't-1', 'labels'];

const x = (percent: number) => LEFT + (percent / 100) * (WIDTH - LEFT - RIGHT);

/** Ink on paper: stretches of equal grey, line by line, a path for each grey. */
function digit(pixels: Uint8Array, left: number, top: number, size: number): string {
  const paths = new Map<number, string>();
  for (let row = 0; row < SIDE; row++) {
    for (let start = 0, end = 0; start < SIDE; start = end) {
      const grey = (column: number) => Math.round(((pixels[row * SIDE + column] ?? 0) / 255) * GREYS);
      for (end = start + 1; end < SIDE && grey(end) === grey(start); ) end += 1;
      if (grey(start) === 0) continue;
      paths.set(grey(start), `${paths.get(grey(start)) ?? ''}M${start} ${row}h${end - start}v1h${start - end}z`);
    }
  }
  const drawn = [...paths].map(([grey, d]) => `<path fill-opacity="${(grey / GREYS).toFixed(2)}" d="${d}"/>`);
  return `<g transform="translate(${left} ${top}) scale(${(size / SIDE).toFixed(3)})">${drawn.join('')}</g>`;
}

function shares({ arms }: NeverSeen): string {
  return arms
    .map(({ name, digit: { scores, mean } }, i) => {
      const y = TOP + i * ROW + 12;
      const colour = name.startsWith('t-') ? COLOUR : FAINT;
      const dots = scores.map(
        (value) => `<circle cx="${x(value).toFixed(1)}" cy="${y}" r="4" fill="${colour}" fill-opacity="0.4"/>`,
      );
      const at = x(mean).toFixed(1);
      return (
        text(LEFT - 16, y + 4, LABELS[name] ?? name, INK, 'end') +
        dots.join('') +
        `<line x1="${at}" x2="${at}" y1="${y - 9}" y2="${y + 9}" stroke="${colour}" stroke-width="2.5"/>` +
        text(WIDTH - 8, y + 4, `${mean.toFixed(0)} %`, INK, 'end')
      );
    })
    .join('');
}

function images({ examples, digit: right }: NeverSeen, top: number): string {
  const column = (place: number) => LEFT + 6 + place * (CELL + 5);
  const pictures = examples.map(({ example }, place) =>
    digit(Buffer.from(example.image?.pixels ?? '', 'base64'), column(place), top, CELL),
  );
  const rows = SHOWN.map((name, i) => {
    const y = top + CELL + 20 + i * LINE_HEIGHT;
    const said = examples.map(({ answers }, place) => {
      const label = answers.find(({ by }) => by === name)?.label;
      const drawn = text(column(place) + CELL / 2, y, String(label), label === right ? COLOUR : FAINT);
      return label === right ? `<g font-weight="700">${drawn}</g>` : drawn;
    });
    return text(LEFT - 16, y, `${LABELS[name]}, predicts`, INK, 'end') + said.join('');
  });
  return pictures.join('') + rows.join('');
}

export async function main(): Promise<void> {
  const found = JSON.parse(readFileSync('results/never-seen.json', 'utf8')) as NeverSeen;
  const bottom = TOP + found.arms.length * ROW;
  const ticks = [0, 25, 50, 75, 100].map(
    (percent) =>
      `<line x1="${x(percent)}" x2="${x(percent)}" y1="${TOP - 8}" y2="${bottom}" stroke="${LINE}"/>` +
      text(x(percent), bottom + 16, `${percent} %`, FAINT),
  );
  const top = bottom + 40;
  const height = top + CELL + 20 + SHOWN.length * LINE_HEIGHT;
  const title = `Test images of a ${found.digit} that students recognise which never saw one, ${found.seeds.length} seeds each, and the first ${found.examples.length} of these images with what the students predict`;
  const heading = text(
    LEFT,
    12,
    `${found.digit}s recognised, by what the student learns from; a dot is a seed`,
    INK,
    'start',
  );
  const body = heading + ticks.join('') + shares(found) + images(found, top);
  await writeFileAtomic('docs/images/never-seen.svg', svg(WIDTH, height, title, body));
}
