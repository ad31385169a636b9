import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, test } from 'vitest';

const SCRIPT = fileURLToPath(new URL('../../scripts/report-screenshots.mjs', import.meta.url));
const hasChromium = spawnSync(process.env.CHROMIUM ?? 'chromium', ['--version']).status === 0;
const folder = mkdtempSync(join(tmpdir(), 'retort-layout-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const run = (...pages: string[]) =>
  spawnSync(process.execPath, [SCRIPT, folder, '--check', ...pages], { encoding: 'utf8' });

// Needs Debian's Chromium.
describe.skipIf(!hasChromium)('the layout of reports at 390, 800 and 1440 px', () => {
  test('no page scrolls sideways, no labels overprint, no words run out of their place', () => {
    const { stdout, stderr, status } = run();
    expect({ stdout: stdout.split('\n').filter((line) => line.startsWith('  ')), stderr, status }).toMatchObject({
      stdout: [],
      status: 0,
    });
  });

  test('a page that does is found', () => {
    const page = readFileSync(join(folder, 'classes-6.html'), 'utf8')
      .replace('.shares{table-layout:fixed}', '.shares{min-width:50rem}')
      .replace('<blockquote>', '<blockquote style="width:90px">')
      .replaceAll('y="16">no-teacher', 'y="16" textLength="380">no-teacher');
    writeFileSync(join(folder, 'broken.html'), page);
    const { stdout, status } = run(join(folder, 'broken.html'));
    expect(status).toBe(1);
    expect(stdout).toContain('scrolls sideways');
    expect(stdout).toContain('only 90 px wide');
  });
});
