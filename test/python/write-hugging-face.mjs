// write-hugging-face.mjs FOLDER: a small BERT with a tokenizer as retort saves it for `transformers`, and answers.json with
// what it answers. check_hugging_face.py runs it and looks whether Python agrees.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { bert, openForward, saveHuggingFace } from 'retort-ml/models';
import { initialiseParameters } from 'retort-ml/nn';
import { toNumbers } from 'retort-ml/tensor';
import { loadTokenizer } from 'retort-ml/tokenizers';

const [, , folder] = process.argv;
const { vocab, pairs } = JSON.parse(
  readFileSync(new URL('../tokenizers/tokenizers.hugging-face.json', import.meta.url), 'utf8'),
);
writeFileSync(join(folder, 'vocab.txt'), `${vocab.join('\n')}\n`);
writeFileSync(join(folder, 'tokenizer_config.json'), '{"do_lower_case": true, "model_max_length": 40}\n');
const tokenizer = await loadTokenizer(folder);
const model = bert({
  vocab_size: tokenizer.vocabularySize,
  hidden_size: 16,
  num_hidden_layers: 2,
  num_attention_heads: 4,
  intermediate_size: 24,
  max_position_embeddings: 40,
  initializer_range: 0.3,
  num_labels: 3,
});
const weights = initialiseParameters(model.parameters, 1);
await saveHuggingFace(join(folder, 'model'), { model, weights, labelNames: ['no', 'maybe', 'yes'], tokenizer });

const rows = pairs.filter(([, second]) => second !== null).slice(0, 12);
const texts = rows.map(([first]) => first);
const second = rows.map(([, text]) => text);
const batch = tokenizer.encode(texts, second, { maxLength: 24 });
const forward = await openForward(model, ['logits'], { threads: 1 });
const { logits } = await forward.run(weights, batch);
await forward.release();
const answers = { texts, second, ids: toNumbers(batch.input_ids), shape: logits.shape, logits: toNumbers(logits) };
writeFileSync(join(folder, 'answers.json'), JSON.stringify(answers));
