import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { RandomStream } from '../../src/tensor/random.js';
import { retort, retortStoppedAfter, workFolder } from './command-line.js';
import { writeReviews, writeSmallEncoder } from './small-text-data.js';

const root = workFolder();
const LINE =
  'distill reviews.csv --text review --label stars --dev dev.csv --model encoder --layers 1 --teacher teacher --threads 1 ' +
  '--method pkd --method_options layerMap=1:2 --seeds 2 --controls no-teacher,shuffled-teacher --epochs 2 --batch_size 16 ' +
  '--learning_rate 3e-3 --quiet --output_dir';
const KILLS = 3;

/** All that is left of an experiment and is not a time. */
function leftBy(folder: string): unknown {
  const read = (name: string): string => readFileSync(join(root, folder, name), 'utf8');
  const { arms, gains, teacher, evidence, warnings } = JSON.parse(read('experiment.json'));
  const weights = ['pkd-1', 'no-teacher-1'].map((run) =>
    readFileSync(join(root, folder, 'runs', run, 'last.ckpt', 'model.safetensors')).toString('hex'),
  );
  return {
    arms: arms.map(({ seconds: _seconds, curve, ...arm }: { seconds: unknown; curve: { seconds: number }[] }) => ({
      ...arm,
      curve: curve.map(({ seconds: _, ...point }) => point),
    })),
    ...{ gains, teacher, evidence, warnings, weights },
  };
}

beforeAll(async () => {
  await writeSmallEncoder(root);
  writeReviews(root, 'reviews.csv', 240);
  writeReviews(root, 'dev.csv', 80, 2);
  const flags = '--text review --label stars --dev dev.csv --model encoder --epochs 3 --learning_rate 3e-3 --threads 1';
  const { code, stderr } = retort(`train reviews.csv ${flags} --quiet --output_dir teacher`, root);
  if (code !== 0) throw new Error(stderr);
});

describe('retort distill, killed (-9) again and again', () => {
  test('goes on with --resume to the students, scores and verdict of an experiment that was left alone', async () => {
    const seed = Number(process.env.RETORT_KILL_SEED ?? Math.floor(Math.random() * 1e6));
    process.stderr.write(`moments of the kills: RETORT_KILL_SEED=${seed}\n`);
    const random = new RandomStream(seed, 'kills of distill');
    const begun = performance.now();
    expect(retort(`${LINE} whole`, root)).toMatchObject({ code: 0 });
    const wholeMs = performance.now() - begun;
    const ended: string[] = [];
    for (let kill = 0; kill < KILLS; kill++) {
      const flags = kill === 0 ? '' : ' --resume';
      ended.push(await retortStoppedAfter(`${LINE} killed${flags}`, root, random.uniform() * wholeMs, 'SIGKILL'));
    }
    for (const how of ended) expect(['SIGKILL', '0']).toContain(how);
    const { code, stderr } = retort(`${LINE} killed --resume`, root);
    expect(code, `after ${ended}: ${stderr}`).toBe(0);
    expect(leftBy('killed'), `after ${ended}`).toEqual(leftBy('whole'));
    expect(existsSync(join(root, 'killed', 'report.html'))).toBe(true);
  }, 300_000);
});
