// write-onnx.mjs FOLDER: models as `retort export` writes them, each in a folder of its own with rows.json: the ids of
// batches of several sizes and the logits of the model before the export; in each precision. check_onnx.py runs it.
import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import {
  bert,
  bilstm,
  distilbert,
  loadHuggingFace,
  ngram,
  openForward,
  resolveModel,
  roberta,
  saveModel,
  staticModel,
} from 'retort-ml/models';
import { initialiseParameters, uniform } from 'retort-ml/nn';
import { toNumbers } from 'retort-ml/tensor';
import { fitNgrams, loadTokenizer, ngramTokenizer } from 'retort-ml/tokenizers';

const [, , folder] = process.argv;
const main = join(dirname(fileURLToPath(import.meta.resolve('retort-ml'))), 'cli', 'main.js');
const { vocab, pairs } = JSON.parse(
  readFileSync(new URL('../tokenizers/tokenizers.hugging-face.json', import.meta.url), 'utf8'),
);
writeFileSync(join(folder, 'vocab.txt'), `${vocab.join('\n')}\n`);
const words = await loadTokenizer(folder);

const sizes = { vocab_size: vocab.length, num_labels: 3, initializer_range: 0.3 };
const layers = { hidden_size: 16, num_hidden_layers: 2, num_attention_heads: 4, intermediate_size: 24 };
const cases = {
  bert: bert({ ...sizes, ...layers, max_position_embeddings: 40 }),
  roberta: roberta({ ...sizes, ...layers, max_position_embeddings: 42 }),
  distilbert: distilbert({ ...sizes, dim: 16, n_layers: 2, n_heads: 4, hidden_dim: 24, max_position_embeddings: 40 }),
  bilstm: bilstm({ vocab_size: vocab.length, num_labels: 3, embedding_size: 8, hidden_size: 6, dense_size: 10 }),
  'bilstm-pair': bilstm({ vocab_size: vocab.length, embedding_size: 8, hidden_size: 6, dense_size: 10, is_pair: true }),
  static: staticModel({ vocab_size: vocab.length, num_labels: 3, embedding_size: 8, hidden_sizes: [6] }),
  'static-ngrams': staticModel({
    vocab_size: vocab.length,
    embedding_size: 8,
    hidden_sizes: [6],
    ngram_sizes: [2, 3],
    ngram_buckets: 50,
    num_labels: 3,
  }),
  'static-pair': staticModel({ vocab_size: vocab.length, embedding_size: 8, hidden_sizes: [6, 5], is_pair: true }),
};

const texts = pairs.filter(([, second]) => second !== null);

/** Batches of 1, 2 and 5 rows, of other lengths each. */
function batchesOf(tokenizer, isPair) {
  return [1, 2, 5].map((count, i) => {
    const rows = texts.slice(3 * i, 3 * i + count);
    const encode = (column, maxLength) =>
      tokenizer.encode(
        rows.map((row) => row[column]),
        undefined,
        { maxLength },
      );
    if (!isPair) return encode(0, 8 + 12 * i);
    const second = encode(1, 16 + 4 * i);
    const named = Object.entries(second).map(([name, tensor]) => [`${name}_b`, tensor]);
    return { ...encode(0, 8 + 12 * i), ...Object.fromEntries(named) };
  });
}

async function write(name, model, weights, tokenizer, from) {
  const targets = ['float32', 'float16', 'int8'].map((precision) => {
    const target = join(folder, precision === 'float32' ? name : `${name}-${precision}`);
    const words = [from, '--precision', precision, '--output_dir', target, '--quiet'];
    const done = spawnSync(process.execPath, [main, 'export', ...words], { encoding: 'utf8' });
    if (done.status !== 0) throw new Error(done.stderr);
    return target;
  });
  const forward = await openForward(model, ['logits'], { threads: 1 });
  const inputs = model.inputs({ B: 'B', S: 'S' }).map((input) => input.name);
  const runs = [];
  for (const batch of batchesOf(tokenizer, inputs.includes('input_ids_b'))) {
    const { logits } = await forward.run(weights, batch);
    const feeds = inputs.map((input) => [input, { shape: batch[input].shape, values: toNumbers(batch[input]) }]);
    runs.push({ feeds: Object.fromEntries(feeds), shape: logits.shape, logits: toNumbers(logits) });
  }
  await forward.release();
  for (const target of targets) writeFileSync(join(target, 'rows.json'), JSON.stringify(runs));
}

for (const [name, model] of Object.entries(cases)) {
  const weights = initialiseParameters(model.parameters, 1);
  // These start at zero; the row of no n-gram stays there.
  const { shape, data } = weights['ngrams.weight'] ?? { shape: [0, 0], data: [] };
  for (let i = shape[1]; i < data.length; i++) data[i] = Math.sin(i);
  const checkpoint = join(folder, `${name}.ckpt`);
  await saveModel(checkpoint, { model, weights, labelNames: [], tokenizerFiles: words.files });
  await write(name, model, weights, words, checkpoint);
}

// N-grams of words and characters, which are the model's own tokens, with a layer and without.
const grams = ngramTokenizer(fitNgrams(texts.map(([first]) => first)));
for (const [name, hidden_size] of [
  ['ngram', 0],
  ['ngram-layer', 6],
]) {
  const model = ngram({ vocab_size: grams.vocabularySize, hidden_size, num_labels: 3 });
  // Without a layer weights start at zero.
  const weights = initialiseParameters(
    model.parameters.map((spec) => ({ ...spec, initialise: uniform(-1, 1) })),
    1,
  );
  const checkpoint = join(folder, `${name}.ckpt`);
  await saveModel(checkpoint, { model, weights, labelNames: [], tokenizerFiles: grams.files });
  await write(name, model, weights, grams, checkpoint);
}

// Real weights, where scripts/fetch-minilm.mjs has put them.
const minilm = await resolveModel('minilm-l6').catch(() => undefined);
if (minilm !== undefined) {
  // Its head is new; the checkpoint keeps it, so that both sides have the same.
  const { model, weights } = await loadHuggingFace(minilm, { seed: 1 });
  const tokenizer = await loadTokenizer(minilm);
  const checkpoint = join(folder, 'minilm.ckpt');
  await saveModel(checkpoint, { model, weights, labelNames: [], tokenizerFiles: tokenizer.files });
  await write('minilm', model, weights, tokenizer, checkpoint);
}
