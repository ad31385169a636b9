import { mkdirSync, readdirSync, readFileSync, renameSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { OutputError } from '../../src/errors/failures.js';
import { writeFileAtomic } from '../../src/files/atomic-write.js';
import { thisProcess } from '../../src/files/process-identity.js';
import { folderToRead, recoverFolder, replaceFolderAtomic } from '../../src/files/replace-folder.js';
import { temporaryName } from '../../src/files/temporary.js';
import { runModule, temporaryFolder } from './processes.js';

const root = temporaryFolder();

function place(name: string): string {
  mkdirSync(join(root, name));
  return join(root, name, 'last.ckpt');
}

function fill(text: string) {
  return async (folder: string): Promise<void> => {
    writeFileSync(join(folder, 'model'), text);
    mkdirSync(join(folder, 'deep'));
    await writeFileAtomic(join(folder, 'deep', 'state'), text);
  };
}

const read = (folder: string): string[] => [
  readFileSync(join(folder, 'model'), 'utf8'),
  readFileSync(join(folder, 'deep', 'state'), 'utf8'),
];

describe('replaceFolderAtomic', () => {
  test('creates a folder, replaces it, and leaves nothing beside it', async () => {
    const target = place('plain');
    await replaceFolderAtomic(target, fill('1'));
    expect(read(target)).toEqual(['1', '1']);
    writeFileSync(join(target, 'of the old one'), '');
    await replaceFolderAtomic(target, fill('2'));
    expect(read(target)).toEqual(['2', '2']);
    expect(readdirSync(target).sort()).toEqual(['deep', 'model']);
    expect(readdirSync(join(root, 'plain'))).toEqual(['last.ckpt']);
  });

  test('when filling fails, the old folder stays and the new one goes', async () => {
    const target = place('fails');
    await replaceFolderAtomic(target, fill('1'));
    const failing = replaceFolderAtomic(target, async (folder) => {
      await fill('2')(folder);
      throw new TypeError('a defect');
    });
    await expect(failing).rejects.toThrow(TypeError);
    expect(read(target)).toEqual(['1', '1']);
    expect(readdirSync(join(root, 'fails'))).toEqual(['last.ckpt']);
  });

  test('a file inside that cannot be written is named as the user knows it', async () => {
    const target = place('named');
    const failing = replaceFolderAtomic(target, (folder) => writeFileAtomic(join(folder, 'none', 'state'), ''));
    await expect(failing).rejects.toThrow(`${target}/none/state: wanted an existing folder to write into`);
  });

  test('a regular file in the way is an error and stays', async () => {
    const target = place('file');
    writeFileSync(target, 'mine');
    await expect(replaceFolderAtomic(target, fill('1'))).rejects.toThrow(
      `${target}: wanted a folder, or nothing yet, got a file of that name; choose another path`,
    );
    expect(readFileSync(target, 'utf8')).toBe('mine');
  });

  test('a path below a regular file is an OutputError', async () => {
    const file = place('below');
    writeFileSync(file, '');
    await expect(replaceFolderAtomic(join(file, 'x'), fill('1'))).rejects.toBeInstanceOf(OutputError);
  });

  test('replaces what a symbolic link leads to and keeps the link', async () => {
    const target = place('link');
    symlinkSync('elsewhere', target);
    await replaceFolderAtomic(target, fill('1'));
    await replaceFolderAtomic(target, fill('2'));
    expect(read(join(root, 'link', 'elsewhere'))).toEqual(['2', '2']);
    expect(read(await folderToRead(target))).toEqual(['2', '2']);
  });

  test('removes the temporaries of dead processes and no others', async () => {
    const target = place('stale');
    const { stdout } = await runModule(`
      import { temporaryName } from 'DIST/files/temporary.js';
      console.log(temporaryName());
    `).ended;
    const parent = join(root, 'stale');
    const alive = temporaryName();
    const foreign = alive.replace(/retort-[0-9a-f]{8}/, 'retort-00000000');
    // Without the PID namespace, as retort 0.1 named it: a container of the same name on the same machine may write it.
    const unseen = `.retort-${thisProcess().machine}-${2 ** 22 + 1}-1-1.tmp`;
    for (const name of [stdout.trim(), alive, foreign, unseen, '.retort-mine.tmp']) mkdirSync(join(parent, name));
    await replaceFolderAtomic(target, fill('1'));
    expect(readdirSync(parent).sort()).toEqual(['.retort-mine.tmp', alive, foreign, unseen, 'last.ckpt'].sort());
  });

  test('killed before any of its steps, it leaves the old folder or the new, whole, and the next one tidies up', async () => {
    const target = place('kill');
    const pair = (text: string) => async (folder: string) => {
      for (const name of ['a', 'b']) writeFileSync(join(folder, name), text);
    };
    const source = `
      import { writeFileSync } from 'node:fs';
      const { replaceFolderAtomic } = await import('DIST/files/replace-folder.js');
      await replaceFolderAtomic(process.argv[1], async (folder) => {
        for (const name of ['a', 'b']) writeFileSync(folder + '/' + name, 'new');
      });
    `;
    const survivors: string[] = [];
    for (let call = 1; survivors.at(-1) !== 'ended'; call++) {
      await replaceFolderAtomic(target, pair('old'));
      expect(readdirSync(join(root, 'kill'))).toEqual(['last.ckpt']);
      const { code, stderr } = await runModule(source, [target], { fault: `SIGKILL before change * ${call}` }).ended;
      expect(stderr).toBe('');
      const folder = await folderToRead(target);
      const contents = ['a', 'b'].map((name) => readFileSync(join(folder, name), 'utf8'));
      expect(contents[1]).toBe(contents[0]);
      survivors.push(code === 0 ? 'ended' : String(contents[0]));
    }
    // mkdir, four syncs, two renames; then sync and removal of the old one.
    expect(survivors.join(' ')).toMatch(/^old( old){4,} new( new)* ended$/);
  });
});

describe('folderToRead and recoverFolder', () => {
  test('find the old folder when the kill came between the two renames', async () => {
    const target = place('between');
    await replaceFolderAtomic(target, fill('1'));
    renameSync(target, join(root, 'between', '.last.ckpt.retort-old'));
    expect(read(await folderToRead(target))).toEqual(['1', '1']);
    await recoverFolder(target);
    expect(read(target)).toEqual(['1', '1']);
    expect(readdirSync(join(root, 'between'))).toEqual(['last.ckpt']);
  });

  test('keep the new folder when the kill came before the old one was deleted', async () => {
    const target = place('after');
    await replaceFolderAtomic(target, fill('2'));
    mkdirSync(join(root, 'after', '.last.ckpt.retort-old'));
    expect(read(await folderToRead(target))).toEqual(['2', '2']);
    await recoverFolder(target);
    expect(readdirSync(join(root, 'after'))).toEqual(['last.ckpt']);
    expect(read(target)).toEqual(['2', '2']);
  });
});
