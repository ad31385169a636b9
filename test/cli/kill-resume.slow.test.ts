import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { RandomStream } from '../../src/tensor/random.js';
import { retort, retortStoppedAfter, workFolder } from './command-line.js';
import { writeReviews, writeSmallEncoder } from './small-text-data.js';

const folder = workFolder();
const LINES = {
  mnist: 'mnist --data_dir data --num_train_epochs 4 --save_top_k 2 --save_last --quiet --output_dir',
  train:
    'train reviews.csv --text review --label stars --model encoder --epochs 5 --batch_size 4 --learning_rate 1e-3 ' +
    '--tokens_per_run 24 --threads 1 --save_top_k 2 --quiet --output_dir',
} as const;

/** All that is left of a run and is not a time. */
function leftBy(run: string): unknown {
  const read = (name: string): string => readFileSync(join(folder, run, name), 'utf8');
  const { seconds: _seconds, command: _command, epochs, ...record } = JSON.parse(read('metrics.json'));
  return {
    record,
    epochs: epochs.map(({ seconds: _, ...epoch }: { seconds: number }) => epoch),
    log: read('log.jsonl').replaceAll(/"seconds":[^,}]+/g, ''),
    weights: readFileSync(join(folder, run, 'last.ckpt', 'model.safetensors')).toString('hex'),
  };
}

beforeAll(async () => {
  retort(`${LINES.mnist} warm-up --do_fast_dev_run`, folder); // fills the data folder
  await writeSmallEncoder(folder);
  writeReviews(folder, 'reviews.csv', 200);
});

describe.each(Object.entries(LINES))('retort %s, killed and interrupted at random moments', (name, line) => {
  test('goes on with --resume to the very weights, records and log of a run that was left alone', async () => {
    // Printed, and may be given, so that a failure can be seen again.
    const seed = Number(process.env.RETORT_KILL_SEED ?? Math.floor(Math.random() * 1e6));
    process.stderr.write(`moments of the kills: RETORT_KILL_SEED=${seed}\n`);
    const random = new RandomStream(seed, `kills of ${name}`);

    const begun = performance.now();
    expect(retort(`${line} ${name}-whole`, folder)).toMatchObject({ code: 0, stderr: '' });
    const wholeMs = performance.now() - begun;
    const whole = leftBy(`${name}-whole`);

    const run = `${name}-killed`;
    const ended: string[] = [];
    const stop = async (flags: string, signal: 'SIGKILL' | 'SIGINT') => {
      ended.push(await retortStoppedAfter(`${line} ${run} ${flags}`, folder, random.uniform() * wholeMs, signal));
    };
    await stop('', 'SIGKILL');
    await stop('--resume', 'SIGKILL');
    // On a fast machine a run is over before its first state is due. Ctrl-C leaves one for the next to start from.
    await stop('--resume', 'SIGINT');
    await stop('--resume', 'SIGKILL');
    // Killed, ended before that, stopped by Ctrl-C; any other code is a failure.
    for (const how of ended) expect(['SIGKILL', 'SIGINT', '0', '130']).toContain(how);
    const { code, stderr } = retort(`${line} ${run} --resume`, folder);
    expect(code, `after ${ended}: ${stderr}`).toBe(0);
    expect(leftBy(run), `after ${ended}`).toEqual(whole);
  }, 300_000);
});
