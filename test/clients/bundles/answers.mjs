// What a runtime of server programs answers: `node answers.mjs FOLDER`, the same in Bun and Deno; JSON on stdout.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import { load, loadInWorker } from 'retort-ml/inference';

const folder = process.argv[2];
const wanted = JSON.parse(readFileSync(join(folder, 'wanted.json'), 'utf8'));
const found = {};
for (const [name, { inputs }] of Object.entries(wanted)) {
  const model = await load(join(folder, name), { threads: 1 });
  found[name] = await model.predict(inputs);
  await model.release();
}
const inWorker = await loadInWorker(join(folder, 'bert'), { threads: 1 });
found['bert in a worker'] = await inWorker.predict(wanted.bert.inputs);
await inWorker.release();
process.stdout.write(JSON.stringify(found));
