/** @file The run of `CHILD_RUN`, killed once. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'vitest';
import { runModule } from '../files/processes.js';
import { CHILD_RUN } from './child-run.js';

/** Times, and the checksum of a record that has some. */
const TIMED = /"seconds": ?[\d.e-]+|^ *"sha256": ?"[0-9a-f]{64}"$/gm;

/** All files below a folder, with their bytes; times in JSON left out. */
function contents(folder: string): Record<string, string> {
  const paths = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  return Object.fromEntries(
    paths
      .map(({ parentPath, name }) => join(parentPath, name))
      .sort()
      .map((path) => {
        const bytes = readFileSync(path);
        const text = /\.jsonl?$/.test(path) ? bytes.toString().replace(TIMED, '') : bytes.toString('hex');
        return [path.slice(folder.length), text];
      }),
  );
}

export type Whole = {
  readonly contents: Readonly<Record<string, string>>;
  /** That changed the file system. */
  readonly calls: number;
};

/** The run that nothing disturbs, in `ROOT/whole`. */
export async function wholeRun(root: string): Promise<Whole> {
  const path = join(root, 'whole');
  const { stderr, code } = await runModule(CHILD_RUN, [path], { fault: 'COUNT before change * 1' }).ended;
  expect(code, stderr).toBe(0);
  return { contents: contents(path), calls: Number(/^(\d+) calls$/m.exec(stderr)?.[1]) };
}

/** Runs it up to a point that `faultAt` names, then to its end, which has to be that of a whole run. */
export async function expectSameAfterKill(point: string, root: string, whole: Whole): Promise<void> {
  const path = join(root, point.replaceAll(' ', '-'));
  const killed = await runModule(CHILD_RUN, [path], { fault: point }).ended;
  expect(killed.code, `${point}: ${killed.stderr}`).toBe(point.startsWith('ENOSPC') ? 1 : null);
  const { code, stderr } = await runModule(CHILD_RUN, [path]).ended;
  expect(code, `${point}: ${stderr}`).toBe(0);
  expect(contents(path), point).toEqual(whole.contents);
}
