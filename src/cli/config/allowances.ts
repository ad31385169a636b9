/** @file Which retort.yaml may send the key of which environment variable where: kept in the user's own folder, in no project. */
import { readFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { dirname, isAbsolute, join } from 'node:path';
import { FileError } from '../../errors/failures.js';
import { statIfThere, writeFileAtomic } from '../../files/atomic-write.js';
import { inputFailure } from '../../files/file-failure.js';
import { makeFolder } from '../../files/make-folder.js';
import { parsedJson } from '../../options/json.js';
import type { Environment } from '../terminal.js';
import type { Allowance } from './allowances.schema.js';

/** Where they are kept. A relative XDG_CONFIG_HOME is to be ignored, says its specification. */
export function allowancesPath(env: Environment, platform: string = process.platform): string {
  const { APPDATA, XDG_CONFIG_HOME } = env;
  const folder =
    platform === 'win32'
      ? APPDATA || join(homedir(), 'AppData', 'Roaming')
      : XDG_CONFIG_HOME !== undefined && isAbsolute(XDG_CONFIG_HOME)
        ? XDG_CONFIG_HOME
        : join(homedir(), '.config');
  return join(folder, 'retort', 'allowed-keys.json');
}

/** @throws FileError for a file that cannot be read, or is not as it was written. */
export async function isAllowed(path: string, asked: Allowance): Promise<boolean> {
  return (await readAllowances(path)).some((one) => isSame(one, asked));
}

/** @throws FileError as `isAllowed`; OutputError if it cannot be written. */
export async function allow(path: string, asked: Allowance): Promise<void> {
  const others = (await readAllowances(path)).filter((one) => !isSame(one, asked));
  await makeFolder(dirname(path));
  await writeFileAtomic(path, `${JSON.stringify({ allowed: [...others, asked] }, undefined, 2)}\n`, 0o600);
}

async function readAllowances(path: string): Promise<readonly Allowance[]> {
  let text: string;
  try {
    if ((await statIfThere(path)) === undefined) return [];
    text = await readFile(path, 'utf8');
  } catch (error) {
    throw inputFailure(error, path);
  }
  const { allowancesSchema } = await import('./allowances.schema.js');
  const parsed = allowancesSchema.safeParse(parsedJson(text));
  if (parsed.success) return parsed.data.allowed;
  const wanted = 'the allowed keys, as written by retort';
  throw new FileError({ where: path, wanted, got: 'something else', fix: 'delete it: you will be asked again' });
}

function isSame(one: Allowance, other: Allowance): boolean {
  return one.config === other.config && one.host === other.host && one.variable === other.variable;
}
