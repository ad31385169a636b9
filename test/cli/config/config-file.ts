/** @file A retort.yaml for one test. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll } from 'vitest';

const folder = mkdtempSync(join(tmpdir(), 'retort-config-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
let count = 0;

/** Writes a config into a folder of its own, and says where. */
export function configFile(content: string | Uint8Array): string {
  const path = join(mkdtempSync(join(folder, 'c-')), `config-${count++}.yaml`);
  writeFileSync(path, content);
  return path;
}
