/**
 * @file Draws the pictures of `docs/primer.md`: the teacher's soft targets for one digit at three temperatures (the
 * article's teacher, seed 42, trained here), and the arms of the primer over twenty seeds, from `results/`.
 *
 *   npm run recipe -- primer-figures
 */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { loadMnist, mnistDataset } from '../src/entries/data.js';
import { supervised } from '../src/entries/methods.js';
import { mlp } from '../src/entries/models.js';
import { adam } from '../src/entries/optim.js';
import { openEvaluator, runTraining } from '../src/entries/training.js';
import { COLOUR, FAINT, INK, svg, text } from './picture.js';
import { writeFileAtomic } from './write-file.js';

const SIDE = 28;
const CLASSES = 10;
/** A six in which the teacher sees a nought as well. */
const IMAGE = 817;
const TEMPERATURES = [1, 2, 20];

function softmax(logits: readonly number[], temperature: number): number[] {
  const largest = Math.max(...logits);
  const powers = logits.map((logit) => Math.exp((logit - largest) / temperature));
  const sum = powers.reduce((total, power) => total + power, 0);
  return powers.map((power) => power / sum);
}

function softTargets(pixels: Uint8Array, logits: readonly number[]): string {
  const [cell, left, chart, gap, bottom] = [5, 20, 170, 24, 160];
  const image = Array.from(pixels, (value, i) => {
    if (value === 0) return '';
    const [x, y] = [left + (i % SIDE) * cell, 22 + Math.floor(i / SIDE) * cell];
    return `<rect x="${x}" y="${y}" width="${cell}" height="${cell}" fill="#000000" fill-opacity="${(value / 255).toFixed(2)}"/>`;
  });
  const frame = `<rect x="${left}" y="22" width="${SIDE * cell}" height="${SIDE * cell}" fill="none" stroke="#ced4da"/>`;
  const charts = TEMPERATURES.map((temperature, t) => {
    const x = left + SIDE * cell + 30 + t * (chart + gap);
    const bars = softmax(logits, temperature).map((probability, digit) => {
      const height = probability * 125;
      const at = x + digit * 17;
      return (
        `<rect x="${at}" y="${(bottom - height).toFixed(1)}" width="12" height="${height.toFixed(1)}" fill="${COLOUR}"/>` +
        text(at + 6, bottom + 16, String(digit), FAINT)
      );
    });
    return text(x + chart / 2, 16, `T = ${temperature}`) + bars.join('');
  });
  const title = `A test image of a six, and the teacher's probabilities for it at temperatures ${TEMPERATURES.join(', ')}`;
  return svg(760, 190, title, image.join('') + frame + charts.join(''));
}

type Arms = { readonly arms: readonly { readonly name: string; readonly accuracies: readonly number[] }[] };

function armsFigure({ arms }: Arms): string {
  const [width, left, right, top, row, low, high] = [760, 150, 32, 30, 30, 20, 100];
  const x = (percent: number) => left + ((percent - low) / (high - low)) * (width - left - right);
  const height = top + arms.length * row + 30;
  const ticks = [20, 40, 60, 80, 100].map(
    (percent) =>
      `<line x1="${x(percent)}" x2="${x(percent)}" y1="${top - 10}" y2="${height - 26}" stroke="#ced4da"/>` +
      text(x(percent), height - 8, `${percent} %`, FAINT),
  );
  const rows = arms.map(({ name, accuracies }, i) => {
    const y = top + i * row + 6;
    const mean = accuracies.reduce((total, value) => total + value, 0) / accuracies.length;
    const dots = accuracies.map(
      (value) => `<circle cx="${x(value).toFixed(1)}" cy="${y}" r="4" fill="${COLOUR}" fill-opacity="0.4"/>`,
    );
    const bar = `<line x1="${x(mean).toFixed(1)}" x2="${x(mean).toFixed(1)}" y1="${y - 9}" y2="${y + 9}" stroke="${INK}" stroke-width="2"/>`;
    return text(left - 14, y + 4, name, INK, 'end') + dots.join('') + bar;
  });
  const title = `Test accuracy of the primer's seven arms, ${arms[0]?.accuracies.length ?? 0} seeds each`;
  return svg(width, height, title, ticks.join('') + rows.join(''));
}

export async function main(): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'retort-figures-'));
  try {
    const mnist = await loadMnist(join(folder, 'data'));
    const model = mlp({ hidden: [16] });
    const { weights } = await runTraining({
      model,
      method: supervised({}),
      data: { train: mnistDataset(mnist.train) },
      optimizer: adam({ learningRate: 5e-3 }),
      batchSize: 64,
      epochs: 3,
      seed: 42,
      threads: 1,
      outputDir: join(folder, 'teacher'),
    });
    if (weights === undefined) throw new Error('a finished run has weights');
    const evaluator = await openEvaluator({ model, data: mnistDataset(mnist.test), threads: 1 });
    const { logits } = await evaluator.predict(weights);
    await evaluator.release();
    const pixels = mnist.test.images.subarray(IMAGE * SIDE * SIDE, (IMAGE + 1) * SIDE * SIDE);
    const own = Array.from(logits.subarray(IMAGE * CLASSES, (IMAGE + 1) * CLASSES));
    await writeFileAtomic('docs/images/soft-targets.svg', softTargets(pixels, own));
    await writeFileAtomic(
      'docs/images/arms.svg',
      armsFigure(JSON.parse(readFileSync('results/primer-20-seeds.json', 'utf8'))),
    );
    for (const temperature of TEMPERATURES) {
      console.log(
        `T ${temperature}: ${softmax(own, temperature)
          .map((probability) => probability.toFixed(4))
          .join(' ')}`,
      );
    }
  } finally {
    rmSync(folder, { recursive: true });
  }
}
