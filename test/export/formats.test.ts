import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { exportUsage } from '../../src/cli/commands/use/usage.js';
import { EXPORT_FORMATS, SHARED_FILES } from '../../src/export/formats.js';

const page = readFileSync(new URL('../../docs/export.md', import.meta.url), 'utf8');

describe('EXPORT_FORMATS', () => {
  test.each(Object.entries(EXPORT_FORMATS))(
    '%s is a choice of --to, on its help page and in docs/export.md',
    (name, format) => {
      expect(exportUsage.options.to.choices).toContain(name);
      expect(exportUsage.description).toContain(`${name}: ${format.holds}`);
      expect(page).toContain(`--to ${name} `);
    },
  );

  test('no file is named both by one format and as shared by all', () => {
    const written = Object.values(EXPORT_FORMATS).flatMap(({ writes }): readonly string[] => writes);
    expect(written.filter((name) => SHARED_FILES.includes(name))).toEqual([]);
  });
});
