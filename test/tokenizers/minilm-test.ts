import { test } from 'vitest';
import { resolveModel } from '../../src/models/hugging-face-cache.js';

/** Where scripts/fetch-minilm.mjs put all-MiniLM-L6-v2, or undefined where it was never run. */
export const minilmFolder: string | undefined = await resolveModel('minilm-l6').catch(() => undefined);

if (minilmFolder === undefined) {
  process.stderr.write(
    'all-MiniLM-L6-v2 is not here: [minilm] tests are skipped; scripts/fetch-minilm.mjs fetches it.\n',
  );
}

/**
 * A test on real weights. Without them it is skipped, and counted as that; `[minilm]` in the name lets CI see that none
 * was. Run `node scripts/fetch-minilm.mjs` for them.
 */
export function minilmTest(claim: string, body: (folder: string) => Promise<void> | void, skip = false): void {
  test.skipIf(minilmFolder === undefined || skip)(`[minilm] ${claim}`, async () => body(minilmFolder ?? ''));
}
