/**
 * @file `npm run recipe` lists the recipes; `npm run recipe -- NAME [ARGUMENT …]` runs one. A recipe is one reproducible
 * run; what it gave is kept under `results/`.
 */
import { readdirSync } from 'node:fs';
import { RetortError } from '../src/entries/errors.js';

const names = readdirSync(new URL('.', import.meta.url))
  .filter((file) => file.endsWith('.recipe.js'))
  .map((file) => file.slice(0, -'.recipe.js'.length));
const [name, ...args] = process.argv.slice(2);
if (name === undefined || !names.includes(name)) {
  process.stderr.write(`npm run recipe -- NAME, where NAME is one of: ${names.join(', ')}\n`);
  process.exitCode = name === undefined ? 0 : 2;
} else {
  const recipe = (await import(`./${name}.recipe.js`)) as { main: (args: readonly string[]) => Promise<void> | void };
  try {
    await recipe.main(args);
  } catch (error) {
    if (!(error instanceof RetortError)) throw error;
    process.stderr.write(`error: ${error.message}\n`);
    process.exitCode = error.exitCode;
  }
}
