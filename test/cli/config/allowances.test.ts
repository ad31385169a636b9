import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { allow, allowancesPath, isAllowed } from '../../../src/cli/config/allowances.js';
import { temporaryFolder } from '../../files/processes.js';

const root = temporaryFolder();
const ALLOWED = { config: '/project/retort.yaml', host: 'https://api.example.com', variable: 'MY_KEY' };

describe('allowances', () => {
  test("lie in the user's own configuration folder", () => {
    const file = join('retort', 'allowed-keys.json');
    expect(allowancesPath({ XDG_CONFIG_HOME: '/x' }, 'linux')).toBe(join('/x', file));
    // Witness: the XDG Base Directory Specification: relative paths are invalid and to be ignored.
    for (const XDG_CONFIG_HOME of ['', 'here', undefined]) {
      expect(allowancesPath({ XDG_CONFIG_HOME }, 'darwin')).toBe(join(homedir(), '.config', file));
    }
    expect(allowancesPath({ APPDATA: '/roaming', XDG_CONFIG_HOME: '/x' }, 'win32')).toBe(join('/roaming', file));
  });

  test('are of one config, host and variable together; the file is for its owner alone', async () => {
    const path = join(root, 'new', 'folder', 'allowed-keys.json');
    expect(await isAllowed(path, ALLOWED)).toBe(false);
    expect(existsSync(dirname(path))).toBe(false);
    await allow(path, ALLOWED);
    await allow(path, ALLOWED);
    await allow(path, { ...ALLOWED, variable: 'OTHER' });
    expect(await isAllowed(path, ALLOWED)).toBe(true);
    for (const other of [{ config: '/else.yaml' }, { host: 'http://api.example.com' }, { variable: 'my_key' }]) {
      expect(await isAllowed(path, { ...ALLOWED, ...other })).toBe(false);
    }
    expect(JSON.parse(readFileSync(path, 'utf8')).allowed).toEqual([ALLOWED, { ...ALLOWED, variable: 'OTHER' }]);
    expect(readdirSync(dirname(path))).toEqual(['allowed-keys.json']);
    if (process.platform !== 'win32') expect(statSync(path).mode & 0o777).toBe(0o600);
  });

  test.each(['{', '[]', '{"allowed": [{"config": "/project/retort.yaml"}]}'])('%s is no such file', async (text) => {
    mkdirSync(join(root, 'torn'), { recursive: true });
    const path = join(root, 'torn', 'allowed-keys.json');
    writeFileSync(path, text);
    await expect(isAllowed(path, ALLOWED)).rejects.toThrow(
      `${path}: wanted the allowed keys, as written by retort, got something else; delete it`,
    );
  });
});
