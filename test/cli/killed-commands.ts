/** @file Commands that are killed on their way, and what is left of them that is no time. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'vitest';
import { retort, retortUntil, writeSmallMnist } from './command-line.js';
import { writePieceEncoder } from './piece-encoder.js';
import { writeReviews } from './small-text-data.js';

export type KilledCommand = {
  /** To be followed by where it writes to. */
  readonly line: string;
  readonly leftBy: (path: string) => unknown;
};

const withoutSeconds = (text: string): string => text.replaceAll(/"seconds":\s?[\d.e-]+/g, '');
const hex = (...path: string[]): string => readFileSync(join(...path)).toString('hex');

function leftByRun(run: string): unknown {
  const { command: _command, sha256: _sha256, ...record } = JSON.parse(readFileSync(join(run, 'metrics.json'), 'utf8'));
  return {
    record: withoutSeconds(JSON.stringify(record)),
    log: withoutSeconds(readFileSync(join(run, 'log.jsonl'), 'utf8')),
    names: readdirSync(run).sort(),
    weights: hex(run, 'last.ckpt', 'model.safetensors'),
  };
}

/** @param isCounted which names in its folder are looked at */
export function leftByExperiment(folder: string, isCounted: (name: string) => boolean = () => true): unknown {
  const { arms, gains, teacher, evidence, warnings } = JSON.parse(
    readFileSync(join(folder, 'experiment.json'), 'utf8'),
  );
  const runs = readdirSync(join(folder, 'runs')).sort();
  const kept = runs.filter((run) => readdirSync(join(folder, 'runs', run)).includes('last.ckpt'));
  const timeless = arms.map(({ seconds: _seconds, ...arm }: { seconds: unknown }) =>
    withoutSeconds(JSON.stringify(arm)),
  );
  const weights = kept.map((run) => hex(folder, 'runs', run, 'last.ckpt', 'model.safetensors'));
  return {
    arms: timeless,
    gains,
    teacher,
    evidence,
    warnings,
    kept,
    weights,
    names: readdirSync(folder).filter(isCounted).sort(),
  };
}

export const KILLED = {
  mnist: {
    line: 'mnist --data_dir digits --num_train_epochs 4 --save_top_k 2 --save_last --quiet --output_dir',
    leftBy: leftByRun,
  },
  train: {
    line:
      'train reviews.csv --text review --label stars --test test.csv --model encoder --epochs 4 --batch_size 4 --learning_rate 1e-3 ' +
      '--tokens_per_run 24 --threads 1 --save_top_k 2 --quiet --output_dir',
    leftBy: leftByRun,
  },
  pretrain: {
    line:
      'pretrain reviews.csv --text review --model encoder --epochs 4 --batch_size 8 --learning_rate 1e-3 --threads 1 ' +
      '--quiet --output_dir',
    leftBy: leftByRun,
  },
  augment: {
    line: 'augment reviews.csv --text review --method mlm --model pre --copies 3 --threads 1 --quiet --output_file',
    leftBy: hex,
  },
  distill: {
    line:
      'distill reviews.csv --text review --label stars --dev dev.csv --test test.csv --model encoder --layers 1 --teacher teacher --threads 1 ' +
      '--method pkd --method_options layerMap=1:2 --seeds 2 --controls no-teacher,shuffled-teacher --epochs 2 --batch_size 16 ' +
      '--learning_rate 3e-3 --quiet --output_dir',
    leftBy: (folder) => leftByExperiment(folder),
  },
} as const satisfies Record<string, KilledCommand>;

/** What the commands read. */
export async function writeInputs(root: string): Promise<void> {
  await writePieceEncoder(root);
  writeSmallMnist(join(root, 'digits'), 1280, 200);
  writeReviews(root, 'reviews.csv', 160);
  writeReviews(root, 'dev.csv', 80, 2);
  writeReviews(root, 'test.csv', 60, 3);
  const training = '--model encoder --learning_rate 3e-3 --threads 1 --quiet';
  for (const line of [
    `train reviews.csv --text review --label stars --dev dev.csv --epochs 3 ${training} --output_dir teacher`,
    `pretrain reviews.csv --text review --max_steps 1 ${training} --output_dir pre`,
  ]) {
    expect(retort(line, root)).toMatchObject({ code: 0, stderr: '' });
  }
}

/** Runs a command up to one point after the other, then to its end; it has to leave what one in peace leaves. */
export function expectSameAfter(points: readonly string[], command: KilledCommand, name: string, root: string): void {
  const { line, leftBy } = command;
  const to = (where: string): string => `${line} ${name}-${where}`;
  expect(retort(to('whole'), root)).toMatchObject({ code: 0 });
  for (const [i, point] of points.entries()) {
    const { code, stderr } = retortUntil(point, `${to('parted')}${i === 0 ? '' : ' --resume'}`, root);
    expect(code, `${point}: ${stderr}`).toBe(point.startsWith('SIGINT') ? 130 : null);
  }
  const { code, stderr } = retort(`${to('parted')} --resume`, root);
  expect(code, stderr).toBe(0);
  expect(leftBy(join(root, `${name}-parted`))).toEqual(leftBy(join(root, `${name}-whole`)));
}
