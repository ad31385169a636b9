import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { expectUnchanged, writeManifest } from '../../src/files/manifest.js';
import { MANIFEST } from '../../src/files/manifest-format.js';
import { temporaryFolder } from './processes.js';

const root = temporaryFolder();
let made = 0;

async function folder(files: Readonly<Record<string, string>>, hashedInside: readonly string[] = []): Promise<string> {
  const path = join(root, String(made++));
  mkdirSync(path);
  for (const [name, text] of Object.entries(files)) writeFileSync(join(path, name), text);
  await writeManifest(path, hashedInside);
  return path;
}

const FILES = { 'config.json': '{\n  "a": 1\n}\n', 'model.onnx': 'bytes\r\n', 'vocab.txt': 'a\nb\n' };

describe('a manifest', () => {
  test('has the SHA-256 of each file but those that are hashed in another', async () => {
    const path = await folder({ ...FILES, 'model.safetensors': 'weights' }, ['model.safetensors']);
    const { files } = JSON.parse(readFileSync(join(path, MANIFEST), 'utf8'));
    expect(Object.keys(files)).toEqual(['config.json', 'model.onnx', 'vocab.txt']);
    // witness: printf 'a\nb\n' | sha256sum
    expect(files['vocab.txt']).toBe('911169ddaaf146aff539f58c26c489af3b892dff0fe283c1c264c65ae5aa59a2');
  });

  test('files of a subfolder are in it, of version 2; a model card, which people rewrite, is not', async () => {
    const path = join(root, String(made++));
    mkdirSync(join(path, 'onnx'), { recursive: true });
    for (const name of ['config.json', 'README.md', 'onnx/model.onnx', 'onnx/model_quantized.onnx']) {
      writeFileSync(join(path, name), name);
    }
    await writeManifest(path);
    const { version, files } = JSON.parse(readFileSync(join(path, MANIFEST), 'utf8'));
    expect([version, Object.keys(files)]).toEqual([2, ['config.json', 'onnx/model.onnx', 'onnx/model_quantized.onnx']]);
    writeFileSync(join(path, 'README.md'), 'another');
    writeFileSync(join(path, 'onnx/model.onnx'), 'another');
    await expect(expectUnchanged(path)).rejects.toThrow('onnx/model.onnx: wanted the file that was written');
    await expectUnchanged(path, undefined, (name) => name === 'onnx/model.onnx');
    const above = JSON.stringify({ ...JSON.parse(readFileSync(join(path, MANIFEST), 'utf8')), files: { '../a': '' } });
    writeFileSync(join(path, MANIFEST), above);
    await expect(expectUnchanged(path)).rejects.toThrow('wanted a file written by retort, got something else');
  });

  test('texts may have the line ends of Windows, files of bytes not', async () => {
    const path = await folder(FILES);
    for (const name of ['config.json', 'vocab.txt', MANIFEST] as const) {
      writeFileSync(join(path, name), readFileSync(join(path, name), 'utf8').replaceAll('\n', '\r\n'));
    }
    await expectUnchanged(path);
    writeFileSync(join(path, 'model.onnx'), 'bytes\n');
    await expect(expectUnchanged(path)).rejects.toThrow('model.onnx: wanted the file that was written');
  });

  test('a file that was changed, is missing or came later is named, and how to rename labels is said', async () => {
    const path = await folder(FILES);
    writeFileSync(join(path, 'config.json'), '{\n  "a": 2\n}\n');
    await expect(expectUnchanged(path)).rejects.toThrow(
      `${join(path, 'config.json')}: wanted the file that was written, as in manifest.json, got another one (its SHA-256 differs); ` +
        'copy the whole folder again, or delete manifest.json if another tool has rewritten it; ' +
        'to rename its labels undo the change, then: retort export MODEL --label_names NAME,NAME,… --output_dir DIR',
    );
    writeFileSync(join(path, 'config.json'), FILES['config.json']);
    writeFileSync(join(path, 'tokenizer_config.json'), '{}');
    await expect(expectUnchanged(path)).rejects.toThrow('tokenizer_config.json: wanted no such file');
    rmSync(join(path, 'tokenizer_config.json'));
    rmSync(join(path, 'vocab.txt'));
    await expect(expectUnchanged(path)).rejects.toThrow('vocab.txt: wanted the file that was written');
  });

  test('what it does not name and retort does not read is let be', async () => {
    const path = await folder(FILES);
    for (const name of ['README.md', '.gitattributes', 'special_tokens_map.json', 'model_quantized.onnx']) {
      writeFileSync(join(path, name), 'from elsewhere');
    }
    await expectUnchanged(path);
  });

  test('a folder without one, or with the manifest of something else, is taken as it is, with a note', async () => {
    const path = await folder(FILES);
    for (const manifest of [undefined, '{"name": "an app", "icons": []}', 'no JSON']) {
      rmSync(join(path, MANIFEST), { force: true });
      if (manifest !== undefined) writeFileSync(join(path, MANIFEST), manifest);
      const notes: string[] = [];
      await expectUnchanged(path, (note) => notes.push(note));
      expect(notes).toEqual([
        `${path} has no manifest.json (from retort 0.1 or another tool), so changes to it are not detected`,
      ]);
    }
  });

  test('a torn one, and one of a newer retort, are refused', async () => {
    const path = await folder(FILES);
    const text = readFileSync(join(path, MANIFEST), 'utf8');
    for (const [changed, message] of [
      [text.slice(0, -20), 'wanted a file written by retort, got something else'],
      [text.replace('"config.json"', '"../config.json"'), 'wanted a file written by retort, got something else'],
      [text.replace('"version": 1', '"version": 3'), 'wanted format version 2 or older, got version 3'],
    ] as const) {
      writeFileSync(join(path, MANIFEST), changed);
      await expect(expectUnchanged(path)).rejects.toThrow(message);
    }
  });
});
