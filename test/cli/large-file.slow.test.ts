import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { retort, workFolder } from './command-line.js';

const ROWS = 300_000;

test('retort train > reads 300,000 rows in a heap of 64 MB: rows are held as bytes, not as objects', () => {
  const root = workFolder();
  const words = ['a good film', 'of all the bad ones', 'and then some', 'that nobody has seen', 'good', 'bad'];
  // About sixty letters each, all different.
  const rows = Array.from({ length: ROWS }, (_, row) => {
    const said = Array.from({ length: 4 }, (_, i) => words[Math.floor(row / words.length ** i) % words.length]);
    return `${said.join(' ')} ${row},${row % 2}`;
  });
  writeFileSync(join(root, 'rows.csv'), `text,label\n${rows.join('\n')}\n`);
  writeFileSync(join(root, 'vectors.txt'), 'good 1 0 0\nbad 0 1 0\nfilm 0 0 1\n');
  const line = 'train rows.csv --model bilstm --vocabulary vectors.txt --hidden 5 --threads 1 --max_steps 1 --quiet';
  const { code, stderr, stdout } = retort(line, root, { env: { NODE_OPTIONS: '--max-old-space-size=64' } });
  expect(stderr).toBe('');
  expect(code).toBe(0);
  expect(stdout).toContain('on 270,000 rows');
});
