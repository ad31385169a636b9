import { readdirSync, readFileSync } from 'node:fs';
import { join, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Sources } from './import-rules.js';

const root = fileURLToPath(new URL('../..', import.meta.url));

/** All of `src/`. */
export const readSources = (): Sources => sourcesIn('src');

/** All of `playground/`. */
export const readPlayground = (): Sources => sourcesIn('playground');

/** All of `recipes/`. */
export const readRecipes = (): Sources => sourcesIn('recipes');

function sourcesIn(name: string): Sources {
  const folder = join(root, name);
  const paths = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((path) => path.endsWith('.ts'));
  return new Map(paths.map((path) => [path.split(sep).join('/'), readFileSync(join(folder, path), 'utf8')]));
}
