import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test, vi } from 'vitest';

const EXAMPLE = new URL('../../examples/distil-digits.ts', import.meta.url);
const PAGE = new URL('../../docs/training.md', import.meta.url);

test('docs/training.md shows examples/distil-digits.ts as it is', () => {
  const [, ...code] = readFileSync(EXAMPLE, 'utf8').split(/^(?=import)/m);
  expect(readFileSync(PAGE, 'utf8')).toContain(`\`\`\`ts\n${code.join('')}\`\`\``);
});

test('examples/distil-digits.ts trains a teacher and a student', async () => {
  const before = process.cwd();
  const folder = mkdtempSync(join(tmpdir(), 'retort-example-'));
  const log = vi.spyOn(console, 'log').mockImplementation(() => {});
  process.chdir(folder);
  try {
    await import('../../examples/distil-digits.js');
    // Chance is 10 %; over seeds, PyTorch's small models lie between 24 and 77 % (results/mnist-pytorch.json).
    const [, accuracy] = /^student: (\d+\.\d+) %$/.exec(String(log.mock.calls[0]?.[0])) ?? [];
    expect(Number(accuracy)).toBeGreaterThan(20);
  } finally {
    process.chdir(before);
    log.mockRestore();
    rmSync(folder, { recursive: true });
  }
});
