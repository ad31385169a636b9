/**
 * @file `npm run bench` lists the benches; `npm run bench -- NAME [ARGUMENT …]` runs one.
 */
import { readdirSync } from 'node:fs';
import { machine } from './figures.js';

const names = readdirSync(new URL('.', import.meta.url))
  .filter((file) => file.endsWith('.bench.js'))
  .map((file) => file.slice(0, -'.bench.js'.length));
const [name, ...args] = process.argv.slice(2);
if (name === undefined || !names.includes(name)) {
  process.stderr.write(`npm run bench -- NAME, where NAME is one of: ${names.join(', ')}\n`);
  process.exitCode = name === undefined ? 0 : 2;
} else {
  process.stdout.write(`${machine()}\n`);
  const { main } = (await import(`./${name}.bench.js`)) as { main: (args: readonly string[]) => Promise<void> | void };
  await main(args);
}
