import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { JS_KINDS, type JsContent, jsStudent } from '../../src/export/js-student.js';
import { storedWeights } from '../../src/export/js-weights.js';
import { saveOnnx } from '../../src/export/onnx-folder.js';
import { expectInt8, saveJs } from '../../src/export/save-js.js';
import type { Answer, TextInput } from '../../src/inference/answer.js';
import { load } from '../../src/inference/load.js';
import { bilstm } from '../../src/models/bilstm.js';
import type { Model } from '../../src/models/model.js';
import { ngram } from '../../src/models/ngram.js';
import { staticModel } from '../../src/models/static-model.js';
import { uniform, zeros } from '../../src/nn/initialisers.js';
import { initialiseParameters } from '../../src/nn/parameters.js';
import { fitNgrams } from '../../src/tokenizers/fit-ngrams.js';
import { ngramTokenizer } from '../../src/tokenizers/ngram-tokenizer.js';
import type { Tokenizer } from '../../src/tokenizers/tokenizer.js';
import { temporaryFolder } from '../files/processes.js';
import { LABELS, smallBert, TEXTS } from '../inference/text-student.js';
import { wordPieces } from '../tokenizers/tokenizer-files.js';

const root = temporaryFolder();
const SECONDS = [...TEXTS].reverse();
const C = LABELS.length;

/** Weights that make logits large, so that a wrong one shows. */
function content(model: Model, tokenizer: Tokenizer, labelNames: readonly string[] = LABELS): JsContent {
  const spread = initialiseParameters(
    model.parameters.map((spec) => ({ ...spec, initialise: spec.name.endsWith('.bias') ? zeros : uniform(-1, 1) })),
    1,
  );
  // That of no n-gram.
  spread['ngrams.weight']?.data.fill(0, 0, model.config.embedding_size as number);
  return { model, weights: spread, labelNames, readsPairs: model.config.is_pair === true, tokenizer };
}

const grams = (...args: Parameters<typeof fitNgrams>) => ngramTokenizer(fitNgrams(...args));
const ofNgrams = (tokenizer: Tokenizer, hidden = 0, labels = LABELS): JsContent => ({
  ...content(
    ngram({ vocab_size: tokenizer.vocabularySize, hidden_size: hidden, num_labels: labels.length }),
    tokenizer,
    labels,
  ),
});
const pieces = wordPieces();
const V = pieces.vocabularySize;

const STUDENTS: readonly (readonly [string, JsContent])[] = [
  ['n-grams', ofNgrams(grams(TEXTS))],
  ['n-grams of pieces', ofNgrams(grams(TEXTS, undefined, { tokenizer: pieces }))],
  ['n-grams in buckets', ofNgrams(grams(TEXTS, undefined, { buckets: 50 }))],
  ['n-grams through a layer', ofNgrams(grams(TEXTS), 5)],
  ['n-grams of pairs', { ...ofNgrams(grams(TEXTS, SECONDS)), readsPairs: true }],
  ['n-grams, a regression', ofNgrams(grams(TEXTS), 0, ['score'])],
  ['static', content(staticModel({ vocab_size: V, embedding_size: 12, hidden_sizes: [7], num_labels: C }), pieces)],
  [
    'static with n-grams, no layer',
    content(
      staticModel({
        ...{ vocab_size: V, embedding_size: 5, hidden_sizes: [], num_labels: C },
        ...{ ngram_sizes: [2, 3], ngram_buckets: 40 },
      }),
      pieces,
    ),
  ],
  ['static pairs', content(staticModel({ vocab_size: V, embedding_size: 8, num_labels: C, is_pair: true }), pieces)],
  [
    'static, two texts in one row',
    { ...content(staticModel({ vocab_size: V, embedding_size: 8, num_labels: C }), pieces), readsPairs: true },
  ],
  [
    'bilstm',
    content(bilstm({ vocab_size: V, embedding_size: 10, hidden_size: 7, dense_size: 9, num_labels: C }), pieces),
  ],
  [
    'bilstm of pairs',
    content(
      bilstm({ vocab_size: V, embedding_size: 6, hidden_size: 16, dense_size: 33, num_labels: C, is_pair: true }),
      pieces,
    ),
  ],
];

type Module = {
  readonly labels: readonly string[];
  readonly predict: (input: TextInput | readonly TextInput[]) => Answer | Answer[];
  readonly useKernels?: (module: WebAssembly.Module) => void;
  readonly kernels?: () => string;
};

let written = 0;
async function opened(files: Awaited<ReturnType<typeof jsStudent>>): Promise<Module> {
  const folder = join(root, `student-${written++}`);
  mkdirSync(folder);
  for (const [name, data] of Object.entries(files)) writeFileSync(join(folder, name), data);
  return (await import(/* @vite-ignore */ pathToFileURL(join(folder, 'student.js')).href)) as Module;
}

const HOSTILE = [
  '',
  ' ',
  '\0',
  '\ud83d',
  'a\udc69b',
  '\u202eabc',
  'e\u0301'.repeat(50),
  '👩‍👩‍👧',
  '漢字',
  '[CLS] [SEP]',
  '\ufeff',
  '...',
];
const hostile = fc.oneof(
  fc.constantFrom(...HOSTILE),
  fc.string({ unit: 'binary' }),
  fc.array(fc.constantFrom(...TEXTS.flatMap((text) => text.split(' ')), ...HOSTILE)).map((words) => words.join(' ')),
);

describe('jsStudent', () => {
  test.each(STUDENTS)(
    '%s: labels are those of ONNX Runtime on the same int8 weights, probabilities within 1e-5',
    async (name, given) => {
      const student = await opened(await jsStudent(given));
      const folder = join(root, `onnx ${name}`);
      await saveOnnx(folder, { ...given, weights: storedWeights(given.model, given.weights) });
      const onnx = await load(folder, { threads: 1 });
      try {
        expect(student.labels).toEqual(onnx.labels);
        const more = fc.sample(fc.tuple(hostile, hostile), { seed: 1, numRuns: 60 });
        const texts = [...TEXTS, ...HOSTILE, ...more.map(([text]) => text), 'film '.repeat(50_000)];
        const inputs: TextInput[] = texts.map((text, i) =>
          given.readsPairs === true ? [text, texts[texts.length - 1 - i] as string] : text,
        );
        const found = student.predict(inputs) as Answer[];
        const wanted = (await onnx.predict(inputs)) as Answer[]; // bad rows have none, and are different then
        const largest = Math.max(1, ...wanted.map(({ score }) => Math.abs(score)));
        for (const [i, { label, score, probabilities }] of wanted.entries()) {
          expect(found[i]?.label).toBe(label);
          expect(Math.abs((found[i]?.score ?? NaN) - score)).toBeLessThan(1e-5 * largest);
          expect(found[i]?.probabilities).toHaveLength(probabilities.length);
          for (const [c, p] of probabilities.entries()) {
            expect(Math.abs((found[i]?.probabilities[c] ?? NaN) - p)).toBeLessThan(1e-5);
          }
        }
        // One by one, in another order, gives the same: nothing is left of the text before.
        for (const i of [3, 0, 3]) expect(student.predict(inputs[i] as TextInput)).toEqual(found[i]);
        if (given.labelNames.length > 1) expect(new Set(wanted.map(({ label }) => label)).size).toBeGreaterThan(1);
      } finally {
        await onnx.release();
      }
    },
  );

  test('a BiLSTM answers by WebAssembly, by an imported module, and in plain JavaScript where nothing may be compiled', async () => {
    const [, given] = STUDENTS.find(([name]) => name === 'bilstm') as (typeof STUDENTS)[number];
    const files = await jsStudent(given);
    const compiled = await opened(files);
    const { Module } = WebAssembly;
    // As workerd does.
    const refuse = class {
      constructor() {
        throw new Error('Wasm code generation disallowed by embedder');
      }
    };
    Object.assign(WebAssembly, { Module: refuse });
    const student = await opened(files);
    Object.assign(WebAssembly, { Module });
    expect([compiled.kernels?.(), student.kernels?.()]).toEqual(['simd', 'scalar']);
    const scalar = student.predict(TEXTS) as Answer[];
    student.useKernels?.(new Module(files['student.wasm'] as Uint8Array));
    expect(student.kernels?.()).toBe('simd');
    const fast = compiled.predict(TEXTS) as Answer[];
    expect(student.predict(TEXTS)).toEqual(fast);
    for (const [i, { score }] of scalar.entries()) expect(Math.abs(score - (fast[i]?.score ?? NaN))).toBeLessThan(1e-5);
  });

  test('the file is ASCII, needs nothing and evaluates nothing', async () => {
    for (const [, given] of STUDENTS) {
      const text = (await jsStudent(given))['student.js'] as string;
      expect(/[^\n -~]/.exec(text)?.[0]).toBeUndefined();
      expect(/\bimport\b|\brequire\b|\beval\b|new Function|<\/script|process\./.exec(text)?.[0]).toBeUndefined();
    }
  });

  test('wrong inputs are refused, the row of a list named', async () => {
    const [single, pair] = await Promise.all(
      [STUDENTS[0], STUDENTS[4]].map(async (one) => opened(await jsStudent(one![1]))),
    );
    const ask = (student: Module | undefined, input: unknown) => () => student?.predict(input as TextInput);
    expect(ask(single, ['ok', 5])).toThrow('predict, text 2: wanted a text, got number');
    expect(ask(single, undefined)).toThrow('predict: wanted a text, got undefined');
    expect(ask(single, [['a', 'b']])).toThrow('wanted a single text, as in training, got a pair');
    expect(ask(pair, 'a')).toThrow('wanted a pair of texts, since the model reads pairs, got a single text');
    expect(ask(pair, ['a'])).toThrow('predict: wanted two texts, got a list of 1');
    expect(ask(pair, [['a', 'b'], ['a']])).toThrow('predict, text 2: wanted two texts, got a list of 1');
    expect(single?.predict([])).toEqual([]);
  });

  test('a changed character and a missing section are noticed when the file is loaded', async () => {
    const files = await jsStudent((STUDENTS[6] as (typeof STUDENTS)[number])[1]);
    const text = files['student.js'] as string;
    const lines = text.split('\n');
    const longest = lines.reduce((a, b) => (b.length > a.length && b.startsWith('"') ? b : a), '');
    const at = text.indexOf(longest) + 20;
    const changed = `${text.slice(0, at)}${text[at] === 'a' ? 'b' : 'a'}${text.slice(at + 1)}`;
    const wanted =
      /^student: wanted weights and tokenizer of the checksum \d+, got \d+: the file was changed or is incomplete; copy it again/;
    await expect(opened({ ...files, 'student.js': changed })).rejects.toThrow(wanted);
    await expect(opened({ ...files, 'student.js': text.replace(`${longest}\n`, '') })).rejects.toThrow(wanted);
    // What ends early is no module, and no engine runs it.
    await expect(opened({ ...files, 'student.js': text.slice(0, at) })).rejects.toThrow();
  });

  test('a BERT is refused, with what to use', async () => {
    await expect(jsStudent({ ...smallBert(), tokenizer: pieces })).rejects.toThrow(
      'to js: wanted a student of kind ngram, static, bilstm, got a bert; use --to onnx --precision int8, or --to hf',
    );
    expect(() => expectInt8('float16')).toThrow('to js: wanted precision int8, got float16; leave --precision out');
    expect(JS_KINDS).toEqual(['ngram', 'static', 'bilstm']);
  });

  test('saveJs writes an ES module with its types, whole', async () => {
    const folder = join(root, 'saved');
    const bytes = await saveJs(folder, (STUDENTS[10] as (typeof STUDENTS)[number])[1]);
    expect(readFileSync(join(folder, 'student.js')).length).toBe(bytes);
    expect(JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'))).toMatchObject({ type: 'module' });
    expect(() => new WebAssembly.Module(readFileSync(join(folder, 'student.wasm')))).not.toThrow();
    expect(readFileSync(join(folder, 'student.d.ts'), 'utf8')).toContain('predict(text: string): Answer;');
    expect(Object.keys(JSON.parse(readFileSync(join(folder, 'manifest.json'), 'utf8')).files)).toContain('student.js');
  });
});
