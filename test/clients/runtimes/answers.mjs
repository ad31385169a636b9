// Answers of all students of a folder, as JSON: node, bun or deno answers.mjs FOLDER
import { readFileSync } from 'node:fs';
import process from 'node:process';
import { pathToFileURL } from 'node:url';

const [folder] = process.argv.slice(2);
const found = {};
for (const [name, inputs] of JSON.parse(readFileSync(`${folder}/inputs.json`, 'utf8'))) {
  const student = await import(pathToFileURL(`${folder}/${name}/student.js`).href);
  found[name] = { answers: student.predict(inputs), kernels: student.kernels?.() };
}
process.stdout.write(JSON.stringify(found));
