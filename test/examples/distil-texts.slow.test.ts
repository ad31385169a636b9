import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test, vi } from 'vitest';
import { writeSmallEncoder } from '../cli/small-text-data.js';
import { wordTable } from '../data/words.js';

const EXAMPLE = new URL('../../examples/distil-texts.ts', import.meta.url);
const README = new URL('../../README.md', import.meta.url);

test('README.md shows examples/distil-texts.ts as it is', () => {
  const [, ...code] = readFileSync(EXAMPLE, 'utf8').split(/^(?=import)/m);
  expect(readFileSync(README, 'utf8')).toContain(`\`\`\`ts\n${code.join('')}\`\`\``);
});

/** SST-2's files with small texts in them. */
function writeSst2(folder: string): void {
  mkdirSync(folder, { recursive: true });
  for (const [name, size, seed] of [
    ['train', 64, 1],
    ['dev', 40, 2],
  ] as const) {
    const { texts, labels } = wordTable(name, size, { seed });
    const rows = texts.map((text, row) => `${text}\t${labels?.[row]}`);
    writeFileSync(join(folder, `${name}.tsv`), `sentence\tlabel\n${rows.join('\n')}\n`);
  }
}

// In a folder where `minilm-l6` is a small encoder and SST-2 is small, the very same lines take seconds.
test('examples/distil-texts.ts says a verdict and leaves a Hugging Face folder', async () => {
  const before = process.cwd();
  const folder = mkdtempSync(join(tmpdir(), 'retort-example-'));
  const log = vi.spyOn(console, 'log').mockImplementation(() => {});
  try {
    await writeSmallEncoder(folder);
    renameSync(join(folder, 'encoder'), join(folder, 'minilm-l6'));
    writeSst2(join(folder, 'data', 'sst2'));
    process.chdir(folder);
    await import('../../examples/distil-texts.js');
    expect(String(log.mock.calls[0]?.[0])).toMatch(/^(BETTER|NO BETTER|CAN'T TELL|NO VERDICT).*no-teacher/);
    const config = JSON.parse(readFileSync(join('student', 'config.json'), 'utf8'));
    expect(config).toMatchObject({ num_hidden_layers: 3, id2label: { 0: 'negative', 1: 'positive' } });
    expect(existsSync(join('student', 'model.safetensors'))).toBe(true);
  } finally {
    process.chdir(before);
    log.mockRestore();
    rmSync(folder, { recursive: true });
  }
});
