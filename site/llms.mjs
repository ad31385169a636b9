/** @file What language models read: llms.txt, a list of all pages, and llms-full.txt, the pages themselves. */
import { cpSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { NAVIGATION } from './navigation.mjs';
import { MANIFEST, PAGES } from './pages.mjs';

const fileOf = (page) => page.replace(/README\.md$/, 'index.md');
const read = (page) => readFileSync(join(PAGES, page), 'utf8');

/** The first sentence of a page. */
function about(text) {
  const paragraph =
    text
      .replaceAll(/^ *```[\s\S]*?^ *```$/gm, '')
      .split('\n\n')
      .find((part) => /^[A-Z*`"[]/.test(part) && part.length > 60) ?? '';
  const plain = paragraph
    .replaceAll(/\[([^\]]*)\]\([^)]*\)/g, '$1')
    .replaceAll(/\s+/g, ' ')
    .replaceAll('**', '');
  return /^.*?[.:](?= |$)/.exec(plain)?.[0].replace(/:$/, '.') ?? plain;
}

export function writeForModels(dist) {
  const sections = NAVIGATION.map(({ title, pages }) => {
    const lines = pages.map((page) => {
      const [file, name] = Array.isArray(page) ? [fileOf(page[0]), page[1]] : [`${page.folder}/index.md`, page.title];
      const says = about(read(file));
      return `- [${name}](${file})${says === '' ? '' : `: ${says}`}`;
    });
    return `## ${title}\n\n${lines.join('\n')}`;
  });
  writeFileSync(join(dist, 'llms.txt'), `# retort\n\n> ${MANIFEST.description}\n\n${sections.join('\n\n')}\n`);
  const whole = NAVIGATION.flatMap(({ pages }) =>
    pages.flatMap((page) => {
      if (Array.isArray(page)) return [fileOf(page[0])];
      if (page.folder === 'reference/api') return [];
      return readdirSync(join(PAGES, page.folder)).map((name) => `${page.folder}/${name}`);
    }),
  );
  writeFileSync(join(dist, 'llms-full.txt'), whole.map((page) => `<!-- ${page} -->\n\n${read(page)}`).join('\n'));
  // The pages that llms.txt names, as they are written.
  cpSync(PAGES, dist, {
    recursive: true,
    filter: (file) => !/\.[a-z]+$/.test(file.replace(PAGES, '')) || file.endsWith('.md'),
  });
}
