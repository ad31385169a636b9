import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { retort, workFolder } from './command-line.js';
import { writeReviews, writeSmallEncoder } from './small-text-data.js';

const root = workFolder();
const QUICK = '--text review --label stars --threads 1';

beforeAll(async () => {
  await writeSmallEncoder(root);
  writeReviews(root, 'films.csv', 160);
  writeReviews(root, 'books.csv', 90, 3);
});

function mustRun(line: string | string[]) {
  const outcome = retort(line, root);
  if (outcome.code !== 0) throw new Error(outcome.stderr);
  return outcome;
}

describe('retort train on several data sets', () => {
  test('one model is trained, and each task of it predicts, is evaluated and exported by its name', () => {
    const line = `train films.csv,books.csv ${QUICK} --model encoder --epochs 3 --learning_rate 3e-3 --batch_size 8 --layer_decay 0.9`;
    const { stdout, stderr } = mustRun(`${line} --sampling size^0.75`);
    const lines = stdout.trimEnd().split('\n');
    expect(lines[0]).toMatch(
      /^films {4}accuracy \d+\.\d\d %, f1 \d+\.\d\d %, matthews -?0\.\d+, loss \d\.\d+ on 16 rows$/,
    );
    expect(lines[1]).toMatch(/^books {4}accuracy .* on 9 rows$/);
    expect(lines[2]).toMatch(/^trained {2}[\d,]+ parameters on 225 rows of 2 tasks$/);
    expect(lines[3]).toBe('model    outputs/films-books/last.ckpt');
    expect(lines[4]).toBe('next     retort predict outputs/films-books#films "…"');
    expect(stderr).toMatch(/epoch 3\/3 .*films\.accuracy \d+\.\d\d %/);

    expect(mustRun(['predict', 'outputs/films-books#books', 'good good film']).stdout).toMatch(
      /^(one|five)\t0\.\d{4}\n$/,
    );
    const evaluated = JSON.parse(
      mustRun('evaluate outputs/films-books#films films.csv --text review --label stars --json').stdout,
    );
    expect(evaluated.metrics.accuracy.value).toBeGreaterThan(0.5);
    expect(mustRun('export outputs/films-books#books --to hf --output_dir books').stdout).toMatch(/^exported bert/);
    // What is exported is an ordinary model, and a new start.
    expect(
      mustRun(`train books.csv ${QUICK} --model ${join(root, 'books')} --max_steps 1 --output_dir again`).code,
    ).toBe(0);

    const whole = retort(['predict', 'outputs/films-books', 'good film'], root);
    expect([whole.code, whole.stderr]).toEqual([
      2,
      expect.stringContaining('wanted one of its tasks: outputs/films-books#films, outputs/films-books#books'),
    ]);
  });

  test('flags that mean one data set are refused, and --sampling with one', () => {
    const refused = (line: string) => retort(line, root).stderr;
    expect(refused(`train films.csv,books.csv ${QUICK} --model encoder --monitor f1`)).toContain(
      '--monitor: wanted one data set',
    );
    expect(refused('train films.csv,books.csv --text review --label stars --model bilstm')).toContain(
      '--model: wanted an encoder, for several data sets',
    );
    expect(refused(`train films.csv ${QUICK} --model encoder --sampling uniform`)).toContain(
      '--sampling: wanted several data sets',
    );
    expect(refused(`train films.csv,films.csv ${QUICK} --model encoder`)).toContain('each once');
  });
});
