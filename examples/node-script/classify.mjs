// node classify.mjs STUDENT < texts.txt: a label and its probability for each line.
import process from 'node:process';
import { createInterface } from 'node:readline';
import { load } from 'retort-ml/inference';

const model = await load(process.argv[2]);
for await (const { label, score, error } of model.stream(createInterface({ input: process.stdin }))) {
  console.log(error === undefined ? `${label}\t${score.toFixed(4)}` : error.message);
}
await model.release();
