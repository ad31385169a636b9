// write-minilm-gradients.mjs FILE: what a training step of retort makes of the first batch of minilm.torch-2.13.json, each
// parameter's gradient, as safetensors. check_minilm.py runs it and compares.
import { readFileSync, writeFileSync } from 'node:fs';
import { supervised } from 'retort-ml/methods';
import { bert, loadHuggingFace, resolveModel } from 'retort-ml/models';
import { sgd } from 'retort-ml/optim';
import { encodeSafetensors, fromNumbers } from 'retort-ml/tensor';
import { openHostStep } from 'retort-ml/training';

const [, , file] = process.argv;
const { head, batches } = JSON.parse(
  readFileSync(new URL('../golden/minilm.torch-2.13.json', import.meta.url), 'utf8'),
);
const { ids, lengths, labels } = batches[0];
const [B, S] = [lengths.length, Math.max(...lengths)];

const rows = [];
for (let row = 0, start = 0; row < B; start += lengths[row++]) rows.push(ids.slice(start, start + lengths[row]));
const padded = (value) =>
  fromNumbers(
    'int64',
    [B, S],
    rows.flatMap((row) => [...row.map(value), ...Array(S - row.length).fill(0)]),
  );

const loaded = await loadHuggingFace(await resolveModel('minilm-l6'));
const step = await openHostStep({
  model: bert({ ...loaded.model.config, hidden_dropout_prob: 0, attention_probs_dropout_prob: 0 }),
  method: supervised(),
  dims: { B, S },
  // The first momentum is the gradient itself.
  optimizer: sgd({ learningRate: 0, momentum: 0.5 }),
  seed: 1,
  parameters: {
    ...loaded.weights,
    'classifier.weight': fromNumbers('float32', [2, head.weight.length / 2], head.weight),
    'classifier.bias': fromNumbers('float32', [2], head.bias),
  },
});
const batch = {
  inputs: { input_ids: padded((id) => id), attention_mask: padded(() => 1), token_type_ids: padded(() => 0) },
  ids: rows.keys(),
  weights: new Float32Array(B).fill(1),
  labels: fromNumbers('int64', [B], labels),
};
await step.run([{ step: 1, learningRate: 0, batches: [batch], scalars: {} }]);
const [before, after] = ['optimizer.', '.momentum_buffer'];
const gradients = Object.entries(step.state())
  .filter(([name]) => name.endsWith(after))
  .map(([name, tensor]) => [name.slice(before.length, -after.length), tensor]);
await step.release();
writeFileSync(file, encodeSafetensors(new Map(gradients)));
