/** @file The blocks of code of README.md and docs/, by language. */
import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

export const ROOT = fileURLToPath(new URL('../..', import.meta.url));

const under = readdirSync(`${ROOT}docs`, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.md'));
const PAGES = ['README.md', ...under.map((name) => `docs/${name.replaceAll('\\', '/')}`)].sort();

/** By page, in the order of the page; pages without such a block are left out. */
export function blocksOf(language: string): ReadonlyMap<string, readonly string[]> {
  const fenced = new RegExp(`^ *\`\`\`${language}\\n(.*?)^ *\`\`\``, 'gms');
  const blocks = PAGES.map((page) => {
    const found = [...readFileSync(`${ROOT}${page}`, 'utf8').matchAll(fenced)].map(([, block = '']) => block);
    return [page, found] as const;
  });
  return new Map(blocks.filter(([, found]) => found.length > 0));
}
