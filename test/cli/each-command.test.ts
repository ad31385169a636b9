/** @file Each command in a process of its own: one real run, and one thing that is wrong. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { COMMANDS } from '../../src/cli/commands/table.js';
import { retort, workFolder } from './command-line.js';
import { writeInputs } from './killed-commands.js';

const root = workFolder();

const DIGITS = '--data_dir digits --num_train_epochs 1 --save_last --output_dir';
const REVIEWS = 'reviews.csv --text review';
const LABELLED = `${REVIEWS} --label stars --dev dev.csv`;
const BRIEF = '--threads 1 --max_steps 4 --output_dir';
const DISTIL = `distill ${LABELLED} --teacher teacher --model encoder --layers 1`;

type Use = { readonly run: string; readonly says: RegExp; readonly wrong: string; readonly refused: string };
/** In an order in which each finds what it reads. */
const USES: Readonly<Record<string, Use>> = {
  mnist: {
    run: `mnist ${DIGITS} digit-teacher`,
    says: /^accuracy \d+\.\d+ %, loss [\d.]+ on 200 test images/,
    wrong: `mnist ${DIGITS} wrong --learning_rate fast`,
    refused: "--learning_rate: wanted a number > 0, got 'fast'",
  },
  'mnist-with-kd': {
    run: `mnist_with_kd ${DIGITS} digit-student --fc1_size 4 --teacher_model digit-teacher`,
    says: /^accuracy \d+\.\d+ %, loss [\d.]+ on 200 test images/,
    wrong: `mnist_with_kd ${DIGITS} wrong --teacher_model digit-teacher --alpha_for_kd 1.5`,
    refused: "--alpha_for_kd: wanted a number from 0 to 1, got '1.5'",
  },
  init: {
    run: `init ${LABELLED.replace(' --dev dev.csv', '')}`,
    says: /retort\.yaml/,
    wrong: 'init reviews.csv --text title --label stars --output wrong.yaml',
    refused: "wanted a column of reviews.csv: review, stars, got 'title'",
  },
  pretrain: {
    run: `pretrain ${REVIEWS} --model encoder ${BRIEF} hidden-words`,
    says: /^accuracy/,
    wrong: `pretrain ${REVIEWS} --model encoder --max_length 99 ${BRIEF} wrong`,
    refused: '--max_length: wanted at most 40 tokens',
  },
  train: {
    run: `train ${LABELLED} --model encoder ${BRIEF} trained`,
    says: /^accuracy \d+\.\d\d %, f1 .* on 80 rows \(reviews dev\)/,
    wrong: `train ${LABELLED} --model encoder --layers 4 ${BRIEF} wrong`,
    refused: '--layers: wanted an integer from 1 to 2',
  },
  augment: {
    run: `augment ${REVIEWS} --method mlm --model pre --copies 2 --rows 20 --output_file pool.jsonl`,
    says: /pool\.jsonl/,
    wrong: `augment ${REVIEWS} --method mlm --model encoder --output_file wrong.jsonl`,
    refused: 'has no such head',
  },
  ask: {
    run: `ask ${REVIEWS} --labels good,bad --teacher http://127.0.0.1:1/v1 --teacher_model m --show_prompt`,
    says: /Answer with one of these labels and nothing else: good, bad[\s\S]*nothing was sent or written/,
    wrong: `ask ${REVIEWS} --labels good --teacher http://127.0.0.1:1/v1 --teacher_model m --output_file wrong`,
    refused: "labels: wanted two or more different labels, got 'good'",
  },
  distill: {
    run: `${DISTIL} --seeds 1 --controls no-teacher ${BRIEF} distilled`,
    says: /^hinton .*\nno-teacher /m,
    wrong: `${DISTIL} --method hintn ${BRIEF} wrong`,
    refused: "got 'hintn'",
  },
  worker: {
    run: 'worker sharded/shard-0-of-1',
    says: /^0 of 2 runs done here; the record is made where the experiment was started$/m,
    wrong: 'worker nowhere',
    refused: 'wanted an experiment that is shared, got nothing of that name',
  },
  status: {
    run: 'status sharded/shard-0-of-1',
    says: /^sharded\/shard-0-of-1: 2 of 2 runs done, 0 under way, 0 open$/m,
    wrong: 'status nowhere',
    refused: 'wanted an existing file, got nothing of that name',
  },
  merge: {
    run: 'merge sharded',
    says: /^hinton .*\nno-teacher /m,
    wrong: 'merge digits',
    refused: 'wanted the folders of all shards of one experiment, shard-0-of-N and so on, got none',
  },
  evaluate: {
    run: 'evaluate trained dev.csv --text review --label stars',
    says: /^accuracy +\d+\.\d\d {2}\(95 % interval/,
    wrong: 'evaluate trained dev.csv --text title --label stars',
    refused: "wanted a column 'title'",
  },
  predict: {
    run: 'predict trained good',
    says: /^(five|one)\t0\.\d{4}\n$/,
    wrong: 'predict nowhere good',
    refused: 'nowhere (no folder here, so looked for on the hub)',
  },
  export: {
    run: 'export trained --output_dir exported',
    says: /exported/,
    wrong: 'export trained --output_dir reviews.csv',
    refused: 'reviews.csv: wanted a folder, or nothing yet, got a file',
  },
  cascade: {
    run: 'cascade trained --calibration dev.csv --trained none --text review --label stars --risk 0.05',
    says: /^nothing +nothing can be certified from these \d+ rows/m,
    wrong: 'cascade trained --calibration dev.csv --trained none --text review --label stars',
    refused: 'risk: wanted a bound on wrong labels',
  },
  serve: {
    run: 'serve exported --dry_run',
    says: /^POST \/v1\/systemone\n\{[\s\S]*"instructions": "Which label fits the text\?"[\s\S]*nothing listens/,
    wrong: 'serve exported --host 0.0.0.0',
    refused: '--host: wanted 127.0.0.1, or a key that callers have to send, got 0.0.0.0 without a key',
  },
  primer: {
    run: 'primer --quick --data_dir digits',
    says: /^small model with KD +3,190 /m,
    wrong: 'primer --quick --without_digit 10',
    refused: "--without_digit: wanted an integer from 0 to 9, got '10'",
  },
  playground: {
    run: 'playground --output_dir page',
    says: /^wrote \d+ files, \d+\.\d MB, to page$/m,
    wrong: 'playground nowhere --output_dir wrong',
    refused: 'nowhere: wanted a folder that holds a run of retort primer',
  },
  compare: {
    run: 'compare distilled',
    says: /^arm +seeds +mean accuracy/,
    wrong: 'compare distilled#nobody trained',
    refused: 'wanted one of its arms: hinton, no-teacher, got nobody',
  },
  report: {
    run: 'report distilled --output_file page.html',
    says: /report page\.html/,
    wrong: 'report digits',
    refused: 'digits',
  },
  doctor: {
    run: 'doctor teacher',
    says: /^ok +teacher\/last\.ckpt: bert/m,
    wrong: 'doctor dev.csv --text review --label stars --max_length none',
    refused: '--max_length: wanted an integer',
  },
};

beforeAll(async () => {
  await writeInputs(root);
  // What worker, status and merge find.
  const shard = retort(`${DISTIL} --seeds 1 --controls no-teacher --shard 0/1 ${BRIEF} sharded`, root);
  if (shard.code !== 0) throw new Error(shard.stderr);
});

test('no command is left out', () => {
  expect(Object.keys(USES)).toEqual(COMMANDS.map(({ usage }) => usage.name));
});

describe.each(Object.entries(USES))('retort %s', (_name, { run, says, wrong, refused }) => {
  test('runs', () => {
    const { code, stdout, stderr } = retort(run, root);
    expect(code, stderr).toBe(0);
    expect(stdout).toMatch(says);
  });

  test('refuses what is wrong in one line, and writes nothing', () => {
    const { code, stdout, stderr } = retort(`${wrong} --quiet`, root);
    expect(stderr).toMatch(/^error: .+: wanted .+, got .+\n$/);
    expect(stderr).toContain(refused);
    expect([stdout, [1, 2].includes(code ?? 0), existsSync(join(root, 'wrong'))]).toEqual(['', true, false]);
  });
});
