import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../..', import.meta.url));

/** The time of the last change to a file or to anything in a folder; removals count, they touch the folder. */
function lastChange(path: string): number {
  const { mtimeMs } = statSync(path);
  if (!statSync(path).isDirectory()) return mtimeMs;
  return Math.max(mtimeMs, ...readdirSync(path).map((name) => lastChange(join(path, name))));
}

function isStale(): boolean {
  const entry = join(root, 'dist', 'index.js');
  if (!existsSync(entry)) return true;
  const sources = ['src', 'playground', 'build.mjs', 'tsconfig.json', 'tsconfig.build.json'].map((name) =>
    lastChange(join(root, name)),
  );
  return Math.max(...sources) > statSync(entry).mtimeMs;
}

/**
 * Tests of the command line and of the package run `dist/`, so it must be what `src/` says now. Types are left to
 * `npm run types`: a red type elsewhere should not hide what a test has to say.
 */
export function setup(): void {
  if (!process.env.RETORT_DATA) {
    process.stderr.write('RETORT_DATA is not set: tests that read data sets ([data] in their names) are skipped.\n');
  }
  if (!isStale()) return;
  const built = spawnSync(process.execPath, [join(root, 'build.mjs'), '--noCheck'], { encoding: 'utf8' });
  if (built.status !== 0) throw new Error(`the build failed:\n${built.stdout}${built.stderr}`);
}
