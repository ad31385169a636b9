/** @file The site: its look is VitePress' own, its sidebar comes from navigation.mjs. */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { anchorOf } from '../anchors.mjs';
import { NAVIGATION } from '../navigation.mjs';
import { MANIFEST, PAGES } from '../pages.mjs';

const linkOf = (page) => `/${page.replace(/(^|\/)(README|index)\.md$/, '$1').replace(/\.md$/, '')}`;

/** The pages that the build made in a folder, its index first. */
function madeItems(folder) {
  const names = readdirSync(join(PAGES, folder), { recursive: true, encoding: 'utf8' }).filter((name) =>
    name.endsWith('.md'),
  );
  return names
    .filter((name) => name !== 'index.md')
    .sort()
    .map((name) => ({ text: name.replace(/(\/index)?\.md$/, ''), link: linkOf(`${folder}/${name}`) }));
}

const sidebar = NAVIGATION.map(({ title, pages }) => ({
  text: title,
  collapsed: title === 'Methods',
  items: pages.map((page) => {
    if (Array.isArray(page)) return { text: page[1], link: linkOf(page[0]) };
    return {
      text: page.title,
      link: linkOf(`${page.folder}/index.md`),
      collapsed: true,
      items: madeItems(page.folder),
    };
  }),
}));

const first = ({ items }) => items[0].link;

// VitePress reads the default export.
export default {
  title: 'retort',
  description: MANIFEST.description,
  srcDir: '.pages',
  outDir: 'dist',
  cacheDir: 'node_modules/.vitepress',
  cleanUrls: true,
  // No file is asked for.
  head: [['link', { rel: 'icon', href: 'data:,' }]],
  ignoreDeadLinks: false,
  metaChunk: true,
  markdown: {
    html: false,
    anchor: { slugify: anchorOf },
    // The usual ones have comments in a grey that is too pale to read.
    theme: { light: 'github-light-high-contrast', dark: 'github-dark-high-contrast' },
  },
  vite: { build: { chunkSizeWarningLimit: 4000 }, logLevel: 'warn' },
  themeConfig: {
    nav: sidebar.map((section) => ({ text: section.text, link: first(section), activeMatch: '^$' })),
    sidebar,
    outline: [2, 3],
    search: { provider: 'local' },
  },
};
