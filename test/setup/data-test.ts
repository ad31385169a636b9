import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'vitest';

/** The folder of data sets, or undefined where there is none. */
export const dataFolder = process.env.RETORT_DATA || undefined;

/**
 * A test that reads a data set from RETORT_DATA. Without RETORT_DATA it is skipped (the run says so at its start);
 * with it, a missing data set is a failure. `[data]` in the name lets CI see that none was skipped there.
 */
export function dataTest(dataSet: string, claim: string, body: (folder: string) => Promise<void> | void): void {
  test.skipIf(dataFolder === undefined)(`[data] ${claim}`, async () => {
    const folder = join(dataFolder ?? '', dataSet);
    if (!existsSync(folder)) throw new Error(`RETORT_DATA is set, but ${folder} does not exist`);
    await body(folder);
  });
}
