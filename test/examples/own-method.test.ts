import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test, vi } from 'vitest';

const EXAMPLE = new URL('../../examples/own-method.ts', import.meta.url);

test('examples/own-method.ts defines a method in under 40 lines, and trains with it', async () => {
  const source = readFileSync(EXAMPLE, 'utf8');
  expect(source.slice(0, source.indexOf('const train')).split('\n').length).toBeLessThan(40);
  const before = process.cwd();
  const folder = mkdtempSync(join(tmpdir(), 'retort-example-'));
  const log = vi.spyOn(console, 'log').mockImplementation(() => {});
  process.chdir(folder);
  try {
    await import('../../examples/own-method.js');
    const numbers = [...String(log.mock.calls[0]?.[0]).matchAll(/soft (\d+\.\d+), hard (\d+\.\d+)/g)];
    const [first, last] = numbers.map(([, soft, hard]) => Number(soft) + Number(hard));
    expect(last as number).toBeLessThan(first as number);
  } finally {
    process.chdir(before);
    log.mockRestore();
    rmSync(folder, { recursive: true });
  }
});
