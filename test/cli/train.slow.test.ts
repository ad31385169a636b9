import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { WORDS, words } from '../data/words.js';
import { dataTest } from '../setup/data-test.js';
import { type Outcome, retort, workFolder } from './command-line.js';
import { writePieceEncoder } from './piece-encoder.js';
import { writeReviews, writeSmallEncoder } from './small-text-data.js';

const root = workFolder();
const path = (...parts: string[]): string => join(root, ...parts);

function mustRun(line: string): Outcome {
  const outcome = retort(line, root);
  if (outcome.code !== 0) throw new Error(outcome.stderr);
  return outcome;
}
const resultOf = (line: string) => JSON.parse(mustRun(`${line} --json --quiet`).stdout);

/** The words that quick runs share. */
const REVIEWS = '--text review --label stars';
const QUICK = `${REVIEWS} --model encoder --threads 1`;

beforeAll(async () => {
  await writeSmallEncoder(root);
  writeReviews(root, 'reviews.csv', 400);
  writeReviews(root, 'dev.csv', 100, 2);
});

describe('retort train on a file of one’s own', () => {
  test('train, evaluate, predict: the model has learnt, and its folder is all that the next commands need', () => {
    const { stdout, stderr } = mustRun(`train reviews.csv ${QUICK} --dev dev.csv --epochs 6 --learning_rate 3e-3`);
    const lines = stdout.trimEnd().split('\n');
    expect(lines[0]).toMatch(
      /^accuracy \d+\.\d\d %, f1 \d+\.\d\d %, matthews 0\.\d+, loss 0\.\d+ on 100 rows \(reviews dev\)/,
    );
    expect(lines[1]).toMatch(/^trained {2}[\d,]+ parameters on 400 rows, [\d,]+ tokens, \d+\.\d % padding$/);
    expect(lines[2]).toBe('model    outputs/reviews/last.ckpt');
    expect(lines.at(-1)).toMatch(/^next {5}retort predict outputs\/reviews/);
    expect(stderr).toMatch(/epoch 6\/6 {2}loss 0\.\d+ {2}reviews dev accuracy/);

    const said = Number(/accuracy (\S+) %/.exec(stdout)?.[1]);
    // Witness: the labels follow from the words. Always naming the commonest label is right on fewer than 75 % here.
    expect(said).toBeGreaterThan(85);
    const evaluated = JSON.parse(mustRun('evaluate outputs/reviews dev.csv --text review --label stars --json').stdout);
    expect(100 * evaluated.metrics.accuracy.value).toBeCloseTo(said, 2);
    // The columns are those of its training where nobody names others.
    const recalled = mustRun('evaluate outputs/reviews dev.csv --json');
    expect(JSON.parse(recalled.stdout)).toEqual(evaluated);
    expect(recalled.stderr).toBe("note: dev.csv: read as the training file was: text in 'review', label in 'stars'\n");
    expect(mustRun('predict outputs/reviews dev.csv').stdout).toBe(
      mustRun('predict outputs/reviews dev.csv --text review').stdout,
    );
    for (const [text, label] of [
      ['good good film', 'five'],
      ['bad bad film', 'one'],
    ] as const) {
      expect(retort(['predict', 'outputs/reviews', text], root).stdout).toMatch(new RegExp(`^${label}\t0\\.\\d{4}\n$`));
    }
  });

  test('without --dev a tenth is set aside; --rows, --data_seed and --seed say what is drawn', () => {
    const notice = mustRun(`train reviews.csv ${QUICK} --max_steps 1 --output_dir a`).stderr;
    expect(notice).toContain('reviews has no validation split: 40 of its training rows become one');
    const result = resultOf(`train reviews.csv ${QUICK} --dev_share 0.25 --rows 64 --max_steps 2 --output_dir b`);
    expect(result).toMatchObject({
      status: 'finished',
      outputDir: 'b',
      model: 'b/last.ckpt',
      labels: ['five', 'one'],
      train: { rows: 64, truncated: 0 },
      dev: { rows: 100, name: 'reviews dev, cut from train' },
      steps: 2,
      badRows: 0,
    });
    const optionsOf = (folder: string) => JSON.parse(readFileSync(path(folder, 'metrics.json'), 'utf8')).options;
    mustRun(`train reviews.csv ${QUICK} --dev_share 0.25 --rows 64 --max_steps 2 --output_dir c --seed 7 --quiet`);
    mustRun(`train reviews.csv ${QUICK} --dev_share 0.25 --rows 64 --max_steps 2 --output_dir d --data_seed 7 --quiet`);
    expect(optionsOf('c').trainData).toEqual(optionsOf('b').trainData);
    expect(optionsOf('c').initialWeights).not.toBe(optionsOf('b').initialWeights);
    expect(optionsOf('d').trainData).not.toEqual(optionsOf('b').trainData);
  });

  test('an encoder is trained as BERT is: AdamW, linear with warm-up, no decay of biases and norms', () => {
    mustRun(`train reviews.csv ${QUICK} --rows 320 --output_dir bert --quiet`);
    const { options } = JSON.parse(readFileSync(path('bert', 'metrics.json'), 'utf8'));
    // 320 rows in batches of 32 are 10 steps; 20 epochs, the most: 200, a tenth of them warm-up.
    expect(options).toMatchObject({ epochs: 20, batchSize: 32, schedule: 'linear', warmupSteps: 20, maxGradNorm: 1 });
    expect(options.optimizer).toMatchObject({ name: 'adamw', learningRate: 3e-5, weightDecay: 0.01 });
    const { rates } = options.optimizer;
    expect(rates['classifier.bias'].weightDecay).toBe(0);
    expect(rates['embeddings.LayerNorm.weight'].weightDecay).toBe(0);
    expect(rates['classifier.weight'].weightDecay).toBe(0.01);
  });

  test('a student of the first layers, a BiLSTM over the encoder’s words, and one over words of a file', () => {
    const short = resultOf(`train reviews.csv ${QUICK} --layers 1 --max_steps 1 --output_dir one-layer`);
    const whole = resultOf(`train reviews.csv ${QUICK} --max_steps 1 --output_dir three-layers`);
    // By hand: 16 wide, 24 inside. 4 (16² + 16) of attention, 2 · 16 · 24 + 24 + 16 of the inner layer, 4 · 16 of norms.
    expect(whole.parameters - short.parameters).toBe(2 * (4 * (16 ** 2 + 16) + 2 * 16 * 24 + 24 + 16 + 4 * 16));

    const bilstm = `train reviews.csv ${REVIEWS} --model bilstm --hidden 5 --threads 1 --max_steps 1 --quiet`;
    mustRun(`${bilstm} --vocabulary encoder --output_dir lstm`);
    const { options } = JSON.parse(readFileSync(path('lstm', 'metrics.json'), 'utf8'));
    expect(options.model).toMatchObject({
      kind: 'bilstm',
      config: { hidden_size: 5, embedding_size: 16, vocab_size: words.vocabularySize },
    });
    expect(options).toMatchObject({ batchSize: 64, schedule: 'constant', warmupSteps: 0, maxGradNorm: 5 });
    expect(options.optimizer).toMatchObject({ name: 'adam', learningRate: 1e-3 });

    writeFileSync(path('vectors.txt'), 'good 1 0 0\nbad 0 1 0\nfilm 0 0 1\n');
    const { stderr } = mustRun(`${bilstm.replace(' --quiet', '')} --vocabulary vectors.txt --output_dir glove`);
    expect(stderr).toMatch(/6 of \d+ words have no vector in vectors\.txt/);
    expect(retort(['predict', 'glove', 'good film'], root).stdout).toMatch(/^(five|one)\t0\.\d{4}\n$/);
  });

  test('a static model: as it is usually trained, of fewer pieces, exported to what predicts the same', async () => {
    const pieces = path('pieces');
    mkdirSync(pieces);
    await writePieceEncoder(pieces);
    const start = `train reviews.csv ${REVIEWS} --model static --threads 1 --quiet`;
    mustRun(`${start} --vocabulary pieces/encoder --max_steps 3 --output_dir static`);
    const { options } = JSON.parse(readFileSync(path('static', 'metrics.json'), 'utf8'));
    expect(options.model).toMatchObject({
      kind: 'static',
      config: { vocab_size: 5 + WORDS.length, embedding_size: 16, hidden_sizes: [64] },
    });
    expect(options).toMatchObject({ epochs: 10, batchSize: 64, schedule: 'linear', maxGradNorm: 5 });
    expect(options.optimizer).toMatchObject({ name: 'adam', learningRate: 3e-3, weightDecay: 0 });

    mustRun(
      `${start} --vocabulary pieces/encoder --vocabulary_size 8 --embedding_size 4 --hidden 0 --max_steps 3 --output_dir fewer`,
    );
    const { config } = JSON.parse(readFileSync(path('fewer', 'metrics.json'), 'utf8')).options.model;
    expect(config).toMatchObject({ vocab_size: 8, embedding_size: 4, hidden_sizes: [] });
    const { model } = JSON.parse(readFileSync(path('fewer', 'last.ckpt', 'tokenizer.json'), 'utf8'));
    expect(Object.keys(model.vocab)).toHaveLength(8);
    mustRun('export fewer --to onnx --output_dir exported --quiet');
    const said = (of: string) => retort(['predict', of, 'good film'], root).stdout;
    expect(said('exported')).toMatch(/^(five|one)\t0\.\d{4}\n$/);
    expect(said('exported')).toBe(said('fewer'));

    mustRun(`${start} --vocabulary pieces/encoder --from random --max_steps 1 --output_dir random`);

    const grams = '--ngrams 2,3 --buckets 30 --token_dropout 0.2';
    mustRun(`${start} --vocabulary pieces/encoder ${grams} --max_steps 3 --output_dir grams`);
    const ofGrams = JSON.parse(readFileSync(path('grams', 'metrics.json'), 'utf8')).options.model.config;
    expect(ofGrams).toMatchObject({ ngram_sizes: [2, 3], ngram_buckets: 30, token_dropout: 0.2 });
    mustRun('export grams --to onnx --output_dir exported-grams --quiet');
    expect(said('exported-grams')).toMatch(/^(five|one)\t0\.\d{4}\n$/);
    expect(said('exported-grams')).toBe(said('grams'));

    const ofPieces = `${REVIEWS} --model ngram --units pieces --char_ngrams none --threads 1 --quiet`;
    mustRun(`train reviews.csv ${ofPieces} --vocabulary pieces/encoder --output_dir units`);
    mustRun('export units --to onnx --output_dir exported-units --quiet');
    expect(said('exported-units')).toMatch(/^five\t[01]\.\d{4}\n$/);
    expect(said('exported-units')).toBe(said('units'));
    mustRun('evaluate exported-units reviews.csv --quiet');
    const taught = `distill reviews.csv ${ofPieces} --teacher units --seeds 1 --controls none --output_dir taught`;
    expect(retort(`${taught} --vocabulary units`.split(' '), root).stderr).toMatch(
      /--vocabulary: wanted a model whose tokenizer cuts texts into pieces, such as minilm-l6, got units, which reads n-grams/,
    );
    mustRun(`${taught} --vocabulary pieces/encoder`);

    writeFileSync(path('vectors.txt'), 'good 1 0 0\nbad 0 1 0\nfilm 0 0 1\n');
    mustRun(`${start} --vocabulary vectors.txt --max_steps 1 --output_dir vectors`);
  });

  test('numbers are a regression; its answer is a number', () => {
    writeFileSync(
      path('scores.csv'),
      `text,score\n${Array.from({ length: 40 }, (_, i) => `good film,${i % 5}`).join('\n')}\n`,
    );
    const { metrics } = resultOf(
      'train scores.csv --score score --model encoder --threads 1 --max_steps 2 --output_dir numbers',
    );
    expect(Object.keys(metrics)).toEqual(['pearson', 'spearman', 'loss']);
    expect(retort(['predict', 'numbers', 'good film'], root).stdout).toMatch(/^-?\d+\.\d{4}\n$/);
  });

  test('goes on with a run of its own that has the same labels, and says what to do where it has others', () => {
    mustRun(`train reviews.csv ${QUICK} --max_steps 1 --output_dir first --quiet`);
    const again = resultOf(`train reviews.csv ${REVIEWS} --model first --threads 1 --max_steps 1 --output_dir second`);
    expect(again.status).toBe('finished');
    writeFileSync(path('other.csv'), `text,label\n${'good film,up\nbad film,down\n'.repeat(20)}`);
    const { stderr, code } = retort('train other.csv --model first --output_dir third --quiet', root);
    expect(code).toBe(2);
    expect(stderr).toMatch(
      /^error: --model first: wanted a model with the labels down, up, got one with five, one; retort export first --to hf/,
    );
    mustRun('export first --to hf --output_dir body --quiet');
    mustRun('train other.csv --model body --threads 1 --max_steps 1 --output_dir third --quiet');
    expect(retort(['predict', 'third', 'good film'], root).stdout).toMatch(/^(up|down)\t/);
  });

  test('rows that cannot be read stop it, or are left out and counted', () => {
    writeFileSync(path('torn.csv'), `text,label\n${'good film,up\nbad film,down\n'.repeat(20)}one cell\n`);
    const line = 'train torn.csv --model encoder --threads 1 --max_steps 1 --output_dir torn';
    const stopped = retort(line, root);
    expect(stopped.code).toBe(1);
    expect(stopped.stderr).toMatch(/torn\.csv:42: .*--bad_rows skip/);
    expect(existsSync(path('torn'))).toBe(false);
    expect(resultOf(`${line} --bad_rows skip`)).toMatchObject({ badRows: 1, train: { rows: 36 }, dev: { rows: 4 } });
  });
});

describe('retort train on a data set by name', () => {
  dataTest('stsb', 'STS-B: a regression of pairs, scored on its own dev split', (folder) => {
    const line = `train stsb --data_dir ${folder} --model encoder --threads 1 --rows 200 --max_steps 3 --output_dir stsb`;
    // Witness: the set's published sizes, and the metrics that GLUE has for it.
    expect(resultOf(line)).toMatchObject({ labels: [], train: { rows: 200 }, dev: { rows: 1500, name: 'stsb dev' } });
    const { metrics, kept } = JSON.parse(readFileSync(path('stsb', 'metrics.json'), 'utf8'));
    expect(Object.keys(metrics)).toEqual(['pearson', 'spearman', 'loss']);
    expect(kept[0].name).toMatch(/^epoch=1-pearson=/);
    expect(retort(['predict', 'stsb', 'a good film', '--pair', 'a bad film'], root).stdout).toMatch(/^-?\d+\.\d{4}\n$/);
  });
});

describe('retort train', () => {
  test.each<[string, string, RegExp]>([
    ['no data', '', /retort train: wanted a data, got nothing/],
    ['a data set that is none', 'sst', /data: wanted a data set \(sst2, .*got 'sst'; did you mean 'sst2'\?/],
    ['a folder', 'encoder', /got 'encoder', a folder; give the name of the data set and its folder/],
    ['no such column', `reviews.csv --model encoder`, /reviews\.csv:1: wanted a column 'text'/],
    ['a column of a set', 'sst2 --text review', /--text_column: wanted a file, got the data set sst2/],
    ['a folder of sets for a file', 'reviews.csv --data_dir .', /--data_dir: wanted the name of a data set/],
    ['two dev splits', `reviews.csv ${QUICK} --dev dev.csv --dev_share 0.1`, /--dev, --dev_share: wanted only one/],
    ['labels and scores', 'reviews.csv --label a --score b', /--label_column, --score_column: wanted only one/],
    [
      'more rows than there are',
      `reviews.csv ${QUICK} --rows 500`,
      /--rows: wanted 1 to 360 rows of reviews train, got 500/,
    ],
    ['too many layers', `reviews.csv ${QUICK} --layers 4`, /--layers: wanted an integer from 1 to 3/],
    ['layers of a BiLSTM', `reviews.csv ${REVIEWS} --model bilstm --layers 1`, /--layers: wanted an encoder/],
    [
      'the width of no BiLSTM',
      `reviews.csv ${QUICK} --hidden 5`,
      /--hidden: wanted model bilstm or model ngram or model static, got --model encoder/,
    ],
    [
      'layers to start a static model from',
      `reviews.csv ${REVIEWS} --model static --vocabulary encoder --from 1,2`,
      /--from: wanted pretrained or random, for a static model, got 1,2/,
    ],
    [
      'n-grams that are single tokens',
      `reviews.csv ${REVIEWS} --model static --vocabulary encoder --ngrams 1,2`,
      /--ngrams: wanted the least and the most n, from 2 to 8 for a static model, such as 2,3, or none, got '1,2'/,
    ],
    [
      'a tokenizer for n-grams of words',
      `reviews.csv ${REVIEWS} --model ngram --vocabulary encoder`,
      /--vocabulary: wanted units pieces, since n-grams of words need no tokenizer, got --units words; add --units pieces/,
    ],
    [
      'vectors of no n-grams',
      `reviews.csv ${REVIEWS} --model static --vocabulary encoder --buckets 9`,
      /--buckets: wanted nothing, since a static model without --ngrams has none to hash, got 9; add --ngrams 2/,
    ],
    [
      'vectors wider than an encoder has them',
      `reviews.csv ${REVIEWS} --model static --vocabulary encoder --embedding_size 17`,
      /--embedding_size: wanted an integer from 1 to 16, the width of the encoder's hidden states, got 17/,
    ],
    [
      'a smaller vocabulary of another kind than WordPiece',
      `reviews.csv ${REVIEWS} --model static --vocabulary encoder --vocabulary_size 8`,
      /--vocabulary_size: wanted a tokenizer of WordPiece, got WordLevel/,
    ],
    ['a size of an encoder', `reviews.csv ${QUICK} --size tiny`, /--size: wanted model bilstm or model static, got/],
    ['more tokens than positions', `reviews.csv ${QUICK} --max_length 41`, /--max_length: wanted at most 40 tokens/],
    ['a metric of numbers', `reviews.csv ${QUICK} --monitor pearson`, /--monitor: wanted some of accuracy/],
    [
      'a warm-up without ramp',
      `reviews.csv ${QUICK} --schedule constant --warmup 0.5`,
      /--warmup: .*constant_with_warmup/,
    ],
    ['a flag that is none', 'reviews.csv --epoch 3', /wanted a known flag, got --epoch; did you mean --epochs\?/],
    ['a device that is none', `reviews.csv ${QUICK} --device gpu`, /device 'gpu': wanted one of/],
    ['a set that is not there', 'sst2 --data_dir .', /sst2: wanted SST-2 .*got none of these files in \./],
  ])('%s: one message that names it, and nothing is written', (_what, words, message) => {
    const { code, stderr, stdout } = retort(`train ${words} --quiet --output_dir wrong`, root);
    expect(stderr).toMatch(message);
    expect(stderr.trimEnd().split('\n')).toHaveLength(1);
    expect([code === 1 || code === 2, stdout, existsSync(path('wrong'))]).toEqual([true, '', false]);
  });

  test('a folder that holds a run is refused before anything is read', () => {
    mustRun(`train reviews.csv ${QUICK} --max_steps 1 --output_dir taken --quiet`);
    const before = readFileSync(path('taken', 'metrics.json'), 'utf8');
    const { code, stderr } = retort('train missing.csv --output_dir taken --quiet', root);
    expect([code, stderr]).toEqual([1, expect.stringMatching(/^error: taken: .*--overwrite/)]);
    expect(readFileSync(path('taken', 'metrics.json'), 'utf8')).toBe(before);
  });

  test('a path that was mistyped is not spoken of as a model of the hub alone', () => {
    const env = { HF_HOME: path('hub') };
    const { stderr } = retort(`train reviews.csv ${REVIEWS} --model outputs/missing --output_dir typo --quiet`, root, {
      env,
    });
    expect(stderr).toMatch(/^error: outputs\/missing \(no folder here, so looked for on the hub\): .*HF_HUB_OFFLINE/);
    for (const command of [
      'predict outputs/missing text',
      'evaluate outputs/missing dev.csv',
      'export outputs/missing --output_dir x',
    ]) {
      expect(retort(command, root, { env }).stderr).toMatch(/outputs\/missing \(no folder here/);
    }
  });
});
