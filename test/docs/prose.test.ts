/** @file The docs as pages to read: lines that fit a window, links that lead somewhere. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { posix } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const read = (path: string): string => readFileSync(`${ROOT}${path}`, 'utf8');
const under = readdirSync(`${ROOT}docs`, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.md'));
const PAGES = ['README.md', 'CONTRIBUTING.md', ...under.map((name) => `docs/${name.replaceAll('\\', '/')}`)].sort();

/** Blocks of code, and what a recipe fills in, without which a page is prose, tables and pictures. */
const NO_PROSE = /^( *)```[\s\S]*?^\1```|^<!-- results: [\s\S]*?^<!-- end -->/gm;
const prose = (page: string): string => page.replace(NO_PROSE, (block) => block.replaceAll(/[^\n]/g, ''));

const { anchorOf } = (await import(new URL('../../site/anchors.mjs', import.meta.url).href)) as {
  anchorOf: (heading: string) => string;
};

const anchorsOf = (path: string): string[] =>
  [...prose(read(path)).matchAll(/^#+ (.*)$/gm)].map(([, heading = '']) => anchorOf(heading));

function brokenLinks(path: string): string[] {
  const links = [...prose(read(path)).matchAll(/\]\(([^)\s]+)\)/g)].map(([, link = '']) => link);
  return links.filter((link) => {
    if (/^https?:/.test(link)) return false;
    const [file = '', anchor] = link.split('#');
    const target = file === '' ? path : posix.join(posix.dirname(path), file);
    if (!existsSync(`${ROOT}${target}`)) return true;
    return anchor !== undefined && !anchorsOf(target).includes(anchor);
  });
}

describe.each(PAGES)('%s', (path) => {
  test('has lines of at most 120 characters, but for tables, pictures and code', () => {
    const long = prose(read(path))
      .split('\n')
      .filter((line) => line.length > 120 && !/^ *(\||!\[)/.test(line));
    expect(long).toEqual([]);
  });

  test('links to files and headings that are there', () => {
    expect(brokenLinks(path)).toEqual([]);
  });
});

test('anchors are those of GitHub', () => {
  expect(anchorOf('Folders, `--overwrite` and `--resume`')).toBe('folders---overwrite-and---resume');
});

test.each([
  'ablation',
  'calibration',
  'confidence interval',
  'data augmentation',
  'gradient accumulation',
  'hard targets',
  'hyperparameter search',
  'latency (p50)',
  'masked language model',
  'multi-task training',
  'soft targets',
  'throughput',
  'token classification',
])('a search for "%s" finds a page', (term) => {
  const words = new RegExp(term.replaceAll(/[()]/g, '\\$&').replaceAll(' ', '\\s+'), 'i');
  expect(PAGES.filter((path) => words.test(read(path)))).not.toEqual([]);
});
