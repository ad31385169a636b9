// The versions of a Hugging Face folder in transformers.js, whose Node form runs on an ONNX Runtime of its own: a peer of
// bench/int8.bench.ts.
//   node bench/peers/transformers-js.mjs --folder FOLDER
// FOLDER holds rows.json ({"ids": [[…] …]}, rows of one length) and `hf`, a folder of `retort export --to hf`. After
// {"ready": true, "forms": {name: bytes}} a request {"form", "batch", "calls"} is answered with {"times"} in ms. One thread.
import { readFileSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import process from 'node:process';
import { createInterface } from 'node:readline';
import { pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';

const MODULE = resolve(
  'test/clients/transformers-js/node_modules/@huggingface/transformers/dist/transformers.node.mjs',
);
const FORMS = { fp32: 'model.onnx', q8: 'model_quantized.onnx' };

const { values } = parseArgs({ options: { folder: { type: 'string' } } });
const { AutoModelForSequenceClassification, env, Tensor } = await import(pathToFileURL(MODULE).href);
env.allowRemoteModels = false;
const hub = join(values.folder, 'hf');
const { ids } = JSON.parse(readFileSync(join(values.folder, 'rows.json'), 'utf8'));
const models = {};
for (const dtype of Object.keys(FORMS)) {
  models[dtype] = await AutoModelForSequenceClassification.from_pretrained(hub, {
    dtype,
    session_options: { intraOpNumThreads: 1, interOpNumThreads: 1 },
  });
}

function feedsOf(rows) {
  const of = (value) =>
    new Tensor(
      'int64',
      BigInt64Array.from(rows.flat(), (id) => BigInt(value ?? id)),
      [rows.length, rows[0].length],
    );
  return { input_ids: of(undefined), attention_mask: of(1), token_type_ids: of(0) };
}

async function timesOf({ form, batch, calls }) {
  const times = [];
  for (let call = 0; call < calls; call++) {
    const first = (call * batch) % (ids.length - batch + 1);
    const feeds = feedsOf(ids.slice(first, first + batch));
    const begun = performance.now();
    await models[form](feeds);
    times.push(performance.now() - begun);
  }
  return times;
}

const say = (value) => process.stdout.write(`${JSON.stringify(value)}\n`);
const bytesOf = (file) => statSync(join(hub, 'onnx', file)).size;
const forms = Object.fromEntries(Object.entries(FORMS).map(([dtype, file]) => [dtype, bytesOf(file)]));
say({ ready: true, environment: { forms } });
for await (const line of createInterface({ input: process.stdin })) {
  try {
    say({ times: await timesOf(JSON.parse(line)) });
  } catch (error) {
    say({ error: String(error) });
  }
}
process.exit(0);
