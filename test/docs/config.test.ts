/** @file The page of the config states the keys that the code has. */
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { type ConfigKey, describeKey, SECTIONS, TOP_LEVEL, takenByKey } from '../../src/cli/config/keys.js';
import { readConfig } from '../../src/cli/config/read-config.js';
import { configFile } from '../cli/config/config-file.js';
import { FLAG_ONLY } from '../cli/config/flag-only.js';

const page = readFileSync(new URL('../../docs/config.md', import.meta.url), 'utf8');

const cell = (text: string): string => text.replaceAll('|', '\\|');

function tableOf(keys: Readonly<Record<string, ConfigKey>>): string {
  const rows = Object.entries(keys).map(([name, key]) => {
    const { default: usual, help } = describeKey(key);
    return `| \`${name}\` | ${[takenByKey(key), usual, help].map(cell).join(' | ')} |`;
  });
  return ['| key | takes | default | meaning |', '|---|---|---|---|', ...rows].join('\n');
}

describe('docs/config.md', () => {
  test.each(Object.entries(SECTIONS))('%s: the keys of the code', (name, keys) => {
    const section = page.split(`\n### ${name}\n`)[1]?.split('\n### ')[0];
    expect(section).toContain(`\n${tableOf(keys)}\n`);
  });

  test('has a heading for all that may stand at the left margin, in that order', () => {
    const headings = [...page.matchAll(/^### (.+)$/gm)].map(([, name]) => name);
    expect(headings).toEqual(Object.keys(TOP_LEVEL));
  });

  test('names the flags that have no key, and shows a config that is read', async () => {
    for (const option of FLAG_ONLY)
      expect(page).toContain(`--${option.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)}`);
    const example = /```yaml\n(.*?)```/s.exec(page)?.[1] ?? '';
    expect((await readConfig(configFile(example))).entries.length).toBeGreaterThan(10);
  });
});
