import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { retort, workFolder } from '../cli/command-line.js';

const PAGE = readFileSync(new URL('../../docs/primer.md', import.meta.url), 'utf8');
const commands = [...PAGE.matchAll(/^```sh\n(.*?)^```/gms)].flatMap(([, block = '']) =>
  block
    .trim()
    .split('\n')
    .map((line) => line.replace(/^retort /, '')),
);
const root = workFolder();
const LIMIT = { timeoutMs: 240_000 };

describe('docs/primer.md', () => {
  test.each(commands)('retort %s', { timeout: LIMIT.timeoutMs }, (line) => {
    // The whole primer on one seed: ten would take minutes.
    const { code, stderr } = retort(line.startsWith('primer') ? `${line} --seeds 1` : line, root, LIMIT);
    expect(`${code} ${stderr}`).toMatch(/^0 /);
  });

  test('the figures of seed 42 that it shows are those of its commands', () => {
    const rows = [...PAGE.matchAll(/^\| [^|]+ \| [\d,]+ \| [\d.]+ % \| ([\d.]+) % \|$/gm)].map(([, value]) =>
      Number(value),
    );
    const ran = ['mnist', 'mnist_800', 'mnist_800kd'].map((run) => {
      const metrics = JSON.parse(readFileSync(join(root, 'outputs', run, 'metrics.json'), 'utf8'));
      return Number((100 * metrics.metrics.accuracy).toFixed(2));
    });
    expect(rows).toHaveLength(3);
    // Another kind of processor may round otherwise, and a rounding grows over 520 steps.
    for (const [i, value] of ran.entries()) expect(Math.abs(value - (rows[i] ?? 0))).toBeLessThan(15);
  });

  test('the report that it asks for is there', () => {
    expect(existsSync(join(root, 'outputs', 'primer-again.html'))).toBe(true);
  });
});
