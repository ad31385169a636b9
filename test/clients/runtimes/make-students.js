// Small students of one JavaScript file, and what ONNX Runtime answers with the same int8 weights, for runtimes to give the same.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { saveJs, saveOnnx, storedWeights } from 'retort-ml/export';
import { load } from 'retort-ml/inference';
import { bilstm, ngram, staticModel } from 'retort-ml/models';
import { initialiseParameters } from 'retort-ml/nn';
import { fitNgrams, loadTokenizer, ngramTokenizer } from 'retort-ml/tokenizers';

const FIXTURE = new URL('../../tokenizers/tokenizers.hugging-face.json', import.meta.url);
const HOSTILE = [
  '',
  ' ',
  '\0',
  'a\u0000b',
  '\u202eabc',
  'e\u0301\u0302',
  '👩‍👩‍👧',
  '漢字',
  '[CLS] [SEP]',
  '\ufeff',
  'film '.repeat(5000),
];

/** Writes them below `folder`. @returns by the name of each its inputs, and the answers of ONNX Runtime */
export async function makeStudents(folder) {
  const { vocab, uncased } = JSON.parse(readFileSync(FIXTURE, 'utf8'));
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'vocab.txt'), `${vocab.join('\n')}\n`);
  const tokenizer = await loadTokenizer(folder);
  const texts = [...uncased.map(([text]) => text), ...HOSTILE];
  const size = { vocab_size: vocab.length, num_labels: 3 };
  const ofWords = ngramTokenizer(fitNgrams(texts));
  const ofPieces = ngramTokenizer(fitNgrams(texts, undefined, { tokenizer }));
  const ngramsOf = (features) => ngram({ vocab_size: features.vocabularySize, num_labels: 3, hidden_size: 4 });
  const models = {
    ngram: [ngramsOf(ofWords), ofWords],
    pieces: [ngramsOf(ofPieces), ofPieces],
    static: [staticModel({ ...size, embedding_size: 16, hidden_sizes: [8] }), tokenizer],
    bilstm: [bilstm({ ...size, embedding_size: 16, hidden_size: 20, dense_size: 24 }), tokenizer],
    pairs: [bilstm({ ...size, embedding_size: 8, hidden_size: 6, dense_size: 10, is_pair: true }), tokenizer],
  };
  const wanted = {};
  for (const [name, [model, itsTokenizer]] of Object.entries(models)) {
    // Large enough that answers differ.
    const weights = initialiseParameters(model.parameters, 1);
    for (const { data } of Object.values(weights)) for (let i = 0; i < data.length; i++) data[i] *= 3;
    const readsPairs = name === 'pairs';
    const content = { model, weights, labelNames: ['no', 'maybe', 'yes'], tokenizer: itsTokenizer, readsPairs };
    await saveJs(join(folder, name), content);
    const onnx = join(folder, `${name}-onnx`);
    await saveOnnx(onnx, { ...content, weights: storedWeights(model, weights) });
    const opened = await load(onnx, { threads: 1 });
    const inputs = readsPairs ? texts.map((text, i) => [text, texts.at(-i - 1)]) : texts;
    wanted[name] = { inputs, answers: await opened.predict(inputs) };
    await opened.release();
  }
  writeFileSync(
    join(folder, 'inputs.json'),
    JSON.stringify(Object.entries(wanted).map(([name, { inputs }]) => [name, inputs])),
  );
  return wanted;
}
