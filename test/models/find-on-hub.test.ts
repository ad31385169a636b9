import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, describe, expect, test, vi } from 'vitest';
import { findOnHub } from '../../src/models/find-on-hub.js';
import { findModelFolder } from '../../src/models/model-folder.js';
import { HubServer, PLAIN } from '../hub/hub-server.js';

const root = mkdtempSync(join(tmpdir(), 'retort-find-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));
afterEach(() => void vi.unstubAllEnvs());

const hub = await HubServer.start();

describe('findOnHub', () => {
  test('a model that is missing is downloaded, with progress; the next time nothing is asked for', async () => {
    vi.stubEnv('HF_ENDPOINT', hub.endpoint);
    vi.stubEnv('HF_HOME', root);
    vi.stubEnv('HF_HUB_OFFLINE', '');
    hub.models.set('org/model', PLAIN);
    const seen: [string, number][] = [];
    const find = findOnHub({
      onNotice: () => {},
      onDownload: (name, { bytes, totalBytes }) => void seen.push([name, bytes / totalBytes]),
    });
    const folder = await findModelFolder('org/model', find);
    expect(folder.startsWith(root)).toBe(true);
    expect(seen.at(-1)).toEqual(['org/model', 1]);
    const asked = hub.asked.length;
    vi.stubEnv('HF_HUB_OFFLINE', '1');
    expect(await findModelFolder('org/model', find)).toBe(folder);
    expect(hub.asked.length).toBe(asked);
    await expect(findModelFolder('outputs/mistyped', find)).rejects.toThrow(
      /^outputs\/mistyped \(no folder here, so looked for on the hub\): .*HF_HUB_OFFLINE forbids/,
    );
    await expect(findModelFolder('bert-tiny', find)).rejects.toThrow(/^bert-tiny: wanted a model's folder/);
  });
});
