// Small exported models and what Node answers with them, for other runtimes to give the same.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { saveOnnx } from 'retort-ml/export';
import { load } from 'retort-ml/inference';
import { bert, bilstm, ngram } from 'retort-ml/models';
import { initialiseParameters } from 'retort-ml/nn';
import { fitNgrams, loadTokenizer, ngramTokenizer } from 'retort-ml/tokenizers';

const FIXTURE = new URL('../../tokenizers/tokenizers.hugging-face.json', import.meta.url);

/** Writes them below `folder`, with `wanted.json` in it: by the name of each its inputs and Node's answers. */
export async function makeStudents(folder) {
  const { vocab, uncased } = JSON.parse(readFileSync(FIXTURE, 'utf8'));
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'vocab.txt'), `${vocab.join('\n')}\n`);
  const tokenizer = await loadTokenizer(folder);
  const texts = uncased
    .map(([text]) => text)
    .filter((text) => text.trim() !== '')
    .slice(0, 40);
  const ofNgrams = ngramTokenizer(fitNgrams(texts));
  const size = { vocab_size: vocab.length, num_labels: 3 };
  const encoder = { hidden_size: 16, num_hidden_layers: 1, num_attention_heads: 2, intermediate_size: 24 };
  const models = {
    bert: [bert({ ...size, ...encoder, max_position_embeddings: 40, initializer_range: 0.5 }), tokenizer],
    bilstm: [bilstm({ ...size, embedding_size: 8, hidden_size: 6, dense_size: 10, is_pair: true }), tokenizer],
    ngram: [ngram({ vocab_size: ofNgrams.vocabularySize, num_labels: 3 }), ofNgrams],
  };
  const wanted = {};
  for (const [name, [model, itsTokenizer]] of Object.entries(models)) {
    const weights = initialiseParameters(model.parameters, 1);
    await saveOnnx(join(folder, name), { model, weights, labelNames: ['no', 'maybe', 'yes'], tokenizer: itsTokenizer });
    const opened = await load(join(folder, name), { threads: 1 });
    const inputs = name === 'bilstm' ? texts.map((text, i) => [text, texts[i === 0 ? 1 : 0]]) : texts;
    wanted[name] = { inputs, answers: await opened.predict(inputs) };
    await opened.release();
  }
  writeFileSync(join(folder, 'wanted.json'), JSON.stringify(wanted));
  return wanted;
}
