/** @file `retort distill --teacher_folds`: planned, killed between its trainings and within one, continued, reported. */
import { cpSync, existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { retort, retortUntil, workFolder } from './command-line.js';
import { writeReviews, writeSmallEncoder } from './small-text-data.js';

const root = workFolder();
const DATA = 'reviews.csv --text review --label stars --dev dev.csv --threads 1';
const TEACHER = '--teacher encoder --teacher_epochs 3 --teacher_learning_rate 3e-3 --teacher_folds 5';
const LINE = `distill ${DATA} ${TEACHER} --model ngram --seeds 1 --controls no-teacher --json --output_dir`;
const FOLDS = [1, 2, 3, 4, 5];

beforeAll(async () => {
  await writeSmallEncoder(root);
  writeReviews(root, 'reviews.csv', 200);
  writeReviews(root, 'dev.csv', 80, 2);
});

const recordOf = (folder: string) => JSON.parse(readFileSync(join(root, folder, 'experiment.json'), 'utf8'));
const weightsOf = (folder: string) =>
  FOLDS.map((fold) => readFileSync(join(root, folder, 'teacher', `fold-${fold}`, 'last.ckpt', 'model.safetensors')));
const done = (line: string) => {
  const outcome = retort(line, root);
  expect(outcome.code, outcome.stderr).toBe(0);
  return outcome;
};
/** The trainings that a call says it has done, and those that it has found. */
const said = (stderr: string, what: string) =>
  [...stderr.matchAll(new RegExp(`^${what}, without fold (\\d) of 5: accuracy`, 'gm'))].map(([, fold]) => Number(fold));

describe('retort distill --teacher_folds', () => {
  test('killed after its third training, within one, and before the students, it continues to the same bytes', () => {
    const whole = done(`${LINE} whole`);
    expect(said(whole.stderr, 'teacher trained')).toEqual(FOLDS);
    const points = [
      ['SIGKILL before rename last.ckpt 2', []],
      ['SIGKILL after rename metrics.json 2', [1]],
      ['SIGKILL before rename metrics.json 2', [1, 2, 3]],
    ] as const;
    for (const [i, [point, found]] of points.entries()) {
      const { code, stderr } = retortUntil(point, `${LINE} parted${i === 0 ? '' : ' --resume'}`, root);
      expect(code, `${point}: ${stderr}`).toBe(null);
      expect(said(stderr, 'already trained'), point).toEqual(found);
    }
    const planned = done(`${LINE} parted --resume --dry_run`).stdout;
    expect(JSON.parse(planned).plan.teacherTrainings).toBe(1);
    const last = done(`${LINE} parted --resume`);
    expect([said(last.stderr, 'already trained'), said(last.stderr, 'teacher trained')]).toEqual([[1, 2, 3, 4], [5]]);
    expect(weightsOf('parted')).toEqual(weightsOf('whole'));
    const [parted, alone] = [recordOf('parted'), recordOf('whole')];
    expect(parted.teacher).toEqual(alone.teacher);
    expect(parted.arms.map(({ scores }: { scores: number[] }) => scores)).toEqual(
      alone.arms.map(({ scores }: { scores: number[] }) => scores),
    );
  });

  test('terminal, record and page say how it fits training rows that its models have and have not seen', () => {
    const { stderr, stdout } = done(`${LINE} whole --resume`);
    const figures = String.raw`\d+\.\d\d %, mean confidence \d+\.\d %`;
    const sentence = new RegExp(
      `${figures} by a model that was not trained on them; by one that was: ${figures} \\(200 rows\\)`,
    );
    expect(stderr).toMatch(sentence);
    const { teacher } = recordOf('whole');
    expect(teacher).toMatchObject({ name: 'encoder, cross-fitted in 5 folds', training: { rows: 200 } });
    expect(new Set(teacher.folds).size).toBe(5);
    expect(JSON.parse(stdout).teacher).toMatchObject({ training: teacher.training, folds: teacher.folds });
    const page = readFileSync(join(root, 'whole', 'report.html'), 'utf8');
    expect(page).toContain('labelled by the one of its 5 models that was not trained on it');
    expect(page).toMatch(sentence);
  });

  test('other folds are refused, and the same ones are kept when the folder is overwritten', () => {
    const other = LINE.replace('--teacher_folds 5', '--teacher_folds 4');
    expect(retort(`${other} whole --resume`, root).stderr).toMatch(
      /whole\/teacher\/fold-1: resuming with another trainData.*, or start over with --overwrite/u,
    );
    expect(done(`${LINE} whole --overwrite`).stderr).toMatch(/^already trained, without fold 5 of 5: /m);
  });

  test('another student takes the models from a copy of their folder', () => {
    cpSync(join(root, 'whole', 'teacher'), join(root, 'other', 'teacher'), { recursive: true });
    const { stderr } = done(`${LINE.replace('--model ngram', '--model encoder --layers 1 --epochs 2')} other`);
    expect(said(stderr, 'already trained')).toEqual(FOLDS);
    expect(recordOf('other').teacher.folds).toEqual(recordOf('whole').teacher.folds);
  });

  test('a plan counts five trainings, and a trained teacher is refused, each before a folder is made', () => {
    const { stdout } = done(`${LINE.replace(' --json', '')} planned --dry_run`);
    expect(stdout).toMatch(/^teacher {2}encoder, trained first: 3 epochs, cross-fitted in 5 folds$/m);
    expect(stdout).toMatch(/^time .*\(5 trainings of the teacher \d.*; a run of hinton/m);
    const trained = retort(`${LINE.replace('--teacher encoder', '--teacher whole/teacher/fold-1')} planned`, root);
    expect(trained.code).not.toBe(0);
    expect(trained.stderr).toContain(
      'error: --teacher_folds: wanted a model that was never trained on these labels: one that was may have seen the rows of each fold',
    );
    expect(existsSync(join(root, 'planned'))).toBe(false);
  });
});
