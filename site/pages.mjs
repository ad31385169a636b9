/** @file Lays the Markdown of README.md and docs/ out for the site: links between pages, to other files, and pictures. */
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join, posix } from 'node:path';
import { fileURLToPath } from 'node:url';
import { docsPages } from './navigation.mjs';

export const SITE = dirname(fileURLToPath(import.meta.url));
export const ROOT = dirname(SITE);
/** What VitePress reads: written by each build. */
export const PAGES = join(SITE, '.pages');
export const MANIFEST = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'));

/** Where the files of the repository can be read. */
const REPOSITORY = MANIFEST.repository.url.replace(/^git\+/, '').replace(/\.git$/, '');

/** The file of the site for a page of the repository. */
const pageOf = (path) =>
  path === 'README.md' ? 'index.md' : path.replace(/^docs\//, '').replace(/README\.md$/, 'index.md');

/**
 * @param path of the page in the repository
 * @throws if a link leads to a file that is not there
 */
function linkOf(path, link) {
  if (/^[a-z]+:|^#/.test(link)) return link;
  const [file, anchor] = link.split('#');
  const target = posix.join(posix.dirname(path), file);
  if (!existsSync(join(ROOT, target))) throw new Error(`${path}: dead link ${link}`);
  const hash = anchor === undefined ? '' : `#${anchor}`;
  if (!target.startsWith('docs/') && target !== 'README.md') return `${REPOSITORY}/blob/main/${target}${hash}`;
  const relative = posix.relative(posix.dirname(pageOf(path)), pageOf(target));
  return `${relative.startsWith('.') ? relative : `./${relative}`}${hash}`;
}

/** Markdown as the site has it: no comments (they would be shown), links of the site; code stays as it is. */
export function laidOut(path, markdown) {
  return markdown
    .split(/(^ *```[\s\S]*?^ *```$|`[^`\n]+`)/m)
    .map((part, i) => {
      if (i % 2 === 1) return part;
      const linked = part.replaceAll(/\]\(([^)\s]+)\)/g, (_, link) => `](${linkOf(path, link)})`);
      return linked.replaceAll(/^<!-- .*? -->\n/gm, '').replaceAll('{{', '{&#8203;{');
    })
    .join('');
}

export function writePage(page, text) {
  const file = join(PAGES, page);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, text);
}

/** README as the first page, docs/ as the others. */
export function layOutDocs() {
  const there = readdirSync(join(ROOT, 'docs'), { recursive: true, encoding: 'utf8' }).filter((name) =>
    name.endsWith('.md'),
  );
  const named = docsPages();
  const missing = named.filter((page) => !there.includes(page));
  const unnamed = there.filter((page) => !named.includes(page));
  if (missing.length > 0) throw new Error(`site/navigation.mjs names pages that docs/ has not: ${missing.join(', ')}`);
  if (unnamed.length > 0)
    throw new Error(`pages of docs/ that site/navigation.mjs does not name: ${unnamed.join(', ')}`);
  for (const path of ['README.md', ...named.map((page) => `docs/${page}`)]) {
    writePage(pageOf(path), laidOut(path, readFileSync(join(ROOT, path), 'utf8')));
  }
  cpSync(join(ROOT, 'docs/images'), join(PAGES, 'images'), { recursive: true });
}
