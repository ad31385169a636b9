import { mkdirSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { hubCache, hubSettings } from '../../src/hub/settings.js';
import { temporaryFolder } from '../files/processes.js';

const root = temporaryFolder();

// Witness of both: the documentation of huggingface_hub, "Environment variables", and its constants.py.
describe('hubCache', () => {
  test('the cache is where huggingface_hub has it', () => {
    expect(hubCache({ HF_HUB_CACHE: '/a', HF_HOME: '/b' })).toBe('/a');
    expect(hubCache({ HF_HOME: '/b', XDG_CACHE_HOME: '/c' })).toBe('/b/hub');
    expect(hubCache({ XDG_CACHE_HOME: '/c' })).toBe('/c/huggingface/hub');
    expect(hubCache({})).toMatch(/\/\.cache\/huggingface\/hub$/);
    expect(hubCache({ HF_HOME: '~/models' })).toBe(join(homedir(), 'models', 'hub'));
  });
});

describe('hubSettings', () => {
  test('the endpoint is the public hub or what is said, and must be a web address', async () => {
    expect((await hubSettings({ HF_HOME: root })).endpoint).toBe('https://huggingface.co');
    expect((await hubSettings({ HF_HOME: root, HF_ENDPOINT: 'http://a:1/b/' })).endpoint).toBe('http://a:1/b');
    await expect(hubSettings({ HF_HOME: root, HF_ENDPOINT: 'file:///etc' })).rejects.toThrow(
      /^HF_ENDPOINT: wanted an address/,
    );
    await expect(hubSettings({ HF_HOME: root, HF_ENDPOINT: 'https://me:secret@a' })).rejects.not.toThrow(/secret/);
  });

  test.each([
    ['1', true],
    ['true', true],
    ['Yes', true],
    ['0', false],
    ['', false],
    [undefined, false],
  ])('HF_HUB_OFFLINE=%s is %s', async (value, isOffline) => {
    expect((await hubSettings({ HF_HOME: root, HF_HUB_OFFLINE: value })).isOffline).toBe(isOffline);
  });

  test('the token is that of HF_TOKEN, of the file HF_TOKEN_PATH, of HF_HOME, or none', async () => {
    const home = join(root, 'home');
    mkdirSync(home);
    expect((await hubSettings({ HF_HOME: home })).token).toBeUndefined();
    writeFileSync(join(home, 'token'), 'hf_home\n');
    writeFileSync(join(root, 'secret'), 'hf_path\n');
    const token = async (env: Record<string, string>) => (await hubSettings({ HF_HOME: home, ...env })).token?.secret;
    expect(await token({})).toBe('hf_home');
    expect(await token({ HF_TOKEN_PATH: join(root, 'secret') })).toBe('hf_path');
    expect(await token({ HF_TOKEN: ' hf_said\n', HF_TOKEN_PATH: join(root, 'secret') })).toBe('hf_said');
    expect(await token({ HF_HUB_DISABLE_IMPLICIT_TOKEN: '1' })).toBeUndefined();
  });

  test('a token that no header can carry is refused without showing it', async () => {
    const env = { HF_HOME: root, HF_TOKEN: 'hf_a\nX-Other: b' };
    await expect(hubSettings(env)).rejects.toThrow(/^HF_TOKEN: wanted an access token/);
    await expect(hubSettings(env)).rejects.not.toThrow(/X-Other/);
  });
});
