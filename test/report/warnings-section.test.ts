import { describe, expect, test } from 'vitest';
import { reportHtml } from '../../src/report/html.js';
import { reportMarkdown } from '../../src/report/markdown.js';
import { firstUnclosed, textOf } from './page-checks.js';
import { smallRecord } from './records.js';

const warnings = [
  { name: 'truncation', text: '304 of the 2490 texts are cut', fix: 'allow more tokens' },
  { name: 'one-class', text: "all rows are called '<b>'", fix: 'train longer', arm: 'no-teacher', seeds: [1, 3] },
];
const record = smallRecord([81, 82], [80, 80], { warnings });

describe('warnings of a record', () => {
  test('stand below the verdict of the page, with their arm and seeds', () => {
    const page = reportHtml(record);
    const text = textOf(page);
    expect(text).toContain('truncation · 304 of the 2490 texts are cut. allow more tokens.');
    expect(text).toContain("one-class in no-teacher, seeds 1 and 3: all rows are called '<b>'");
    expect(text.indexOf('truncation')).toBeLessThan(text.indexOf('The arms'));
    expect(page).not.toContain('<b>');
    expect(firstUnclosed(page)).toBeUndefined();
    expect(reportHtml(smallRecord([81, 82], [80, 80]))).not.toContain('id="warnings"');
  });

  test('are a list in Markdown', () => {
    const lines = reportMarkdown(record).split('\n');
    expect(lines).toContain('- `truncation` · 304 of the 2490 texts are cut');
    expect(lines).toContain("- `one-class` in no-teacher, seeds 1 and 3: all rows are called '&lt;b&gt;'");
    expect(reportMarkdown(smallRecord([81, 82], [80, 80]))).not.toContain('\n- ');
  });
});
