// write-students.mjs FOLDER: a small model of each family that reads token ids, exported for the Hugging Face hub by the
// command line, and answers.json with what retort-ml/inference says of the same texts. Weights are drawn, so that nothing is
// downloaded and every run has the same files; what is compared is how programs read them.
import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { load } from 'retort-ml/inference';
import { bert, bilstm, distilbert, ngram, roberta, saveModel, staticModel, xlmRoberta } from 'retort-ml/models';
import { initialiseParameters } from 'retort-ml/nn';
import { tensor } from 'retort-ml/tensor';
import { fitNgrams, loadTokenizer, ngramTokenizer } from 'retort-ml/tokenizers';

const [, , folder] = process.argv;
const ROWS = 100;
const LABELS = ['no', 'maybe', 'yes'];
const PRECISIONS = ['float32', 'int8', 'float16'];
const RETORT = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url));

const { vocab, uncased } = JSON.parse(
  readFileSync(new URL('../tokenizers/tokenizers.hugging-face.json', import.meta.url), 'utf8'),
);
/** What transformers.js lower-cases otherwise than Python does; docs/export.md says so. */
const DIFFERS = /[Σİΐΰẞẖǰ\u{1f80}-\u{1fff}\u{20000}-\u{3ffff}]/u;
const texts = uncased
  .map(([text]) => text)
  .filter((text) => /\w/.test(text) && text.length < 400 && !DIFFERS.test(text));
const rows = texts.slice(0, 40).concat(texts.slice(-(ROWS - 40)));

writeFileSync(join(folder, 'vocab.txt'), `${vocab.join('\n')}\n`);
const pieces = await loadTokenizer(folder);
const size = { vocab_size: pieces.vocabularySize, num_labels: LABELS.length };
const encoder = { ...size, initializer_range: 0.1 };
const wide = {
  ...{ ...encoder, hidden_size: 32, num_hidden_layers: 2, num_attention_heads: 4, intermediate_size: 64 },
  max_position_embeddings: 512,
};
const ngrams = ngramTokenizer(fitNgrams(texts, undefined, { words: [1, 2], chars: null, tokenizer: pieces }));

const STUDENTS = {
  bert: { model: bert(wide) },
  roberta: { model: roberta({ ...wide, max_position_embeddings: 514, pad_token_id: pieces.padId }) },
  'xlm-roberta': { model: xlmRoberta({ ...wide, max_position_embeddings: 514, pad_token_id: pieces.padId }) },
  distilbert: { model: distilbert({ ...encoder, dim: 32, n_layers: 2, n_heads: 4, hidden_dim: 64 }) },
  bilstm: { model: bilstm({ ...size, embedding_size: 24, hidden_size: 16, dense_size: 20 }) },
  static: {
    model: staticModel({ ...size, embedding_size: 24, hidden_sizes: [16], ngram_sizes: [2], ngram_buckets: 64 }),
  },
  pieces: {
    model: ngram({ vocab_size: ngrams.vocabularySize, num_labels: LABELS.length }),
    tokenizer: ngrams,
  },
};

/** Drawn, and wide enough that texts differ; of an encoder about as wide as trained ones are. */
function weightsOf({ kind, parameters }) {
  const timesOf = (name) => (['bilstm', 'static', 'ngram'].includes(kind) ? 4 : /classifier/.test(name) ? 4 : 1);
  return Object.fromEntries(
    Object.entries(initialiseParameters(parameters, 5)).map(([name, { shape, data }], at) => {
      const values = shape.length < 2 ? data : data.map((x, i) => timesOf(name) * x || Math.sin(7 * i + at));
      return [name, tensor('float32', shape, values)];
    }),
  );
}

function exported(model, to, ...flags) {
  execFileSync(process.execPath, [RETORT, 'export', model, '--to', 'hf', '--output_dir', to, '--quiet', ...flags]);
}

const answers = { texts: rows, students: {} };
for (const [name, { model, tokenizer = pieces }] of Object.entries(STUDENTS)) {
  const checkpoint = join(folder, `${name}.ckpt`);
  const student = { model, weights: weightsOf(model), labelNames: LABELS, readsPairs: false };
  await saveModel(checkpoint, { ...student, tokenizerFiles: tokenizer.files });
  exported(checkpoint, join(folder, name), '--precision', PRECISIONS.join(','));
  answers.students[name] = {};
  for (const precision of PRECISIONS) {
    const inference = await load(join(folder, name), { precision });
    const found = await inference.predict(rows);
    await inference.release();
    answers.students[name][precision] = found.map(({ label, score }) => ({ label, score }));
  }
}
// Two texts a row, of an encoder: those before and behind in the list.
const pairs = rows.slice(1).map((text, i) => [rows[i], text]);
const ofPairs = { model: bert(wide), weights: weightsOf(bert(wide)), labelNames: LABELS, readsPairs: true };
await saveModel(join(folder, 'pairs.ckpt'), { ...ofPairs, tokenizerFiles: pieces.files });
exported(join(folder, 'pairs.ckpt'), join(folder, 'pairs'));
const pairModel = await load(join(folder, 'pairs'), { precision: 'float32' });
const found = await pairModel.predict(pairs);
await pairModel.release();
answers.pairs = { rows: pairs, answers: found.map(({ label, probabilities }) => ({ label, probabilities })) };
exported(join(folder, 'bilstm.ckpt'), join(folder, 'only-int8'), '--precision', 'int8');
exported(join(folder, 'bilstm.ckpt'), join(folder, 'at-root'), '--precision', 'float32', '--layout', 'root');
exported(join(folder, 'bilstm.ckpt'), join(folder, 'student'));
writeFileSync(join(folder, 'answers.json'), JSON.stringify(answers));
console.log(`wrote ${Object.keys(STUDENTS).join(', ')}; ${rows.length} texts`);
