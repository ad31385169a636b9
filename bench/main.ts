/**
 * @file `npm run bench` runs all benches, `npm run bench -- NAME [ARGUMENT …]` one, `npm run bench -- list` names them.
 * Peers in PyTorch run beside ours where `RETORT_PYTHON` names an interpreter that has it.
 */
import { readdirSync } from 'node:fs';
import { machine } from './figures.js';

type Bench = { readonly main: (args: readonly string[]) => Promise<void> | void };

const names = readdirSync(new URL('.', import.meta.url))
  .filter((file) => file.endsWith('.bench.js'))
  .map((file) => file.slice(0, -'.bench.js'.length));
const [name, ...args] = process.argv.slice(2);
if (name === undefined || names.includes(name)) {
  console.log(machine());
  for (const each of name === undefined ? names : [name]) {
    console.log(`\n== ${each}`);
    const { main } = (await import(`./${each}.bench.js`)) as Bench;
    await main(args);
  }
} else {
  console.log(`npm run bench -- NAME, where NAME is one of: ${names.join(', ')}`);
  process.exitCode = name === 'list' ? 0 : 2;
}
