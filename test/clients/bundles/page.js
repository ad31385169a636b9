// What a page answers: with ONNX Runtime imported by `load` itself, handed over, and in a worker.
import { load, loadInWorker } from 'retort-ml/inference';
import * as runtime from 'onnxruntime-web/wasm';

runtime.env.wasm.wasmPaths = '/ort/';
runtime.env.wasm.numThreads = 1;

async function answers() {
  const wanted = await (await fetch('/students/wanted.json')).json();
  const found = {};
  for (const [name, { inputs }] of Object.entries(wanted)) {
    const model = await load(`/students/${name}/`, name === 'bert' ? {} : { runtime });
    found[name] = await model.predict(inputs);
    // Two calls at once wait for each other.
    const [one, two] = await Promise.all([model.predict(inputs.slice(0, 1)), model.predict(inputs.slice(1, 2))]);
    found[`${name}, two calls`] = [...one, ...two];
    await model.release();
  }
  const worker = new Worker('/worker.js', { type: 'module' });
  const there = await loadInWorker('students/bert', { worker });
  found['bert in a worker'] = await there.predict(wanted.bert.inputs);
  const [bad] = await there.predict([5]);
  found.error = `${bad.error.name}: ${bad.error.message}`;
  await there.release();
  found.missing = await load('/students/nothing').catch(({ name, message }) => `${name}: ${message.replace(location.origin, '')}`);
  const files = {};
  for (const name of ['model.onnx', 'tokenizer.json', 'config.json', 'manifest.json']) {
    files[name] = await (await fetch(`/students/bert/${name}`)).arrayBuffer();
  }
  const held = await load({ ...files, 'vocab.txt': await (await fetch('/students/bert/vocab.txt')).text() });
  found['bert from bytes'] = await held.predict(wanted.bert.inputs);
  return found;
}

globalThis.answered = answers().catch((error) => ({ failed: String(error?.stack ?? error) }));
