/** @file What the playground takes from a folder of the user's. */
import { lstat, readFile, realpath } from 'node:fs/promises';
import { basename, join, relative, resolve, sep } from 'node:path';
import { FileError } from '../errors/failures.js';
import { inputFailure } from '../files/file-failure.js';
import { isFile, isFolder } from '../files/path-entry.js';
import { holdsStudent, type StudentFolder, studentContent } from './student-content.js';

/** What the page is told, as `folder/folder.json`. */
export type FolderFacts = {
  /** The folder's own name. */
  readonly name: string;
  /** What it holds, by kind: addresses below `folder/`. */
  readonly holds: Readonly<Record<string, Readonly<Record<string, string>>>>;
  /** A student of texts, and its teacher. */
  readonly student?: StudentFolder;
};

export type FolderContent = {
  readonly facts: FolderFacts;
  /** By their addresses below `folder/`. */
  readonly files: ReadonlyMap<string, () => Promise<Uint8Array>>;
};

/** One kind of thing that a folder may hold. All its files are there, or the folder does not hold it. */
type FolderKind = {
  readonly kind: string;
  /** For messages: what to name. */
  readonly says: string;
  /** What the page is told: paths in the folder, by what they are. */
  readonly holds: Readonly<Record<string, string>>;
  /** What it may ask for: paths in the folder. */
  readonly files: readonly string[];
};

/** What a saved model is read from. */
const modelFiles = (path: string): string[] => [`${path}/config.json`, `${path}/model.safetensors`];

function primer(says: string, holds: FolderKind['holds']): FolderKind {
  return { kind: 'primer', says, holds, files: Object.values(holds).flatMap(modelFiles) };
}

/** The first of a kind that fits is taken. */
const KINDS: readonly FolderKind[] = [
  primer('a run of retort primer --output_dir', {
    teacher: 'seeds/teacher/last.ckpt',
    small: 'seeds/runs/retort-no-teacher-42/last.ckpt',
    student: 'seeds/runs/retort-42/last.ckpt',
  }),
  primer('one with --quick', {
    teacher: 'teacher/last.ckpt',
    small: 'small/last.ckpt',
    student: 'small-with-kd/last.ckpt',
  }),
];

/** For messages. */
const STUDENTS = 'a run of retort distill, or a student as a checkpoint or export';

/**
 * Looks at a folder once: what is not found now is never sent.
 * @throws FileError for a path that is no folder, or one that holds nothing the page can show.
 */
export async function folderContent(folder: string): Promise<FolderContent> {
  const wanted = `a folder that holds ${[...KINDS.map(({ says }) => says), STUDENTS].join(', or ')}`;
  if (!(await isFolder(folder))) {
    const got = (await isFile(folder)) ? 'a file' : 'nothing of that name';
    throw new FileError({
      where: folder,
      wanted,
      got,
      fix: 'name another folder, or leave it out: the page has models of its own',
    });
  }
  const holds: Record<string, Readonly<Record<string, string>>> = {};
  const files = new Map<string, () => Promise<Uint8Array>>();
  for (const { kind, holds: held, files: paths } of KINDS) {
    const are = await Promise.all(paths.map((path) => isFile(join(folder, path))));
    if (holds[kind] !== undefined || !are.every((is) => is)) continue;
    holds[kind] = held;
    for (const path of paths) files.set(path, () => readInside(folder, path));
  }
  const name = basename(resolve(folder));
  if (files.size === 0 && (await holdsStudent(folder))) {
    const { facts, files: own } = await studentContent(folder, (path) => readInside(folder, relative(folder, path)));
    return { facts: { name, holds, student: facts }, files: own };
  }
  if (files.size === 0) {
    throw new FileError({
      where: folder,
      wanted,
      got: 'one without its files',
      fix: `run retort primer --quick --output_dir ${folder} first, or leave the folder out: the page has models of its own`,
    });
  }
  return { facts: { name, holds }, files };
}

/** A file of the folder itself: what has become a link since may lead anywhere. */
async function readInside(folder: string, path: string): Promise<Uint8Array> {
  const whole = join(folder, path);
  try {
    const inside = (await realpath(folder)) + sep;
    if (!(await lstat(whole)).isFile() || !(await realpath(whole)).startsWith(inside)) {
      throw new FileError({
        where: whole,
        wanted: 'a file in the folder itself',
        got: 'a link',
        fix: 'put the file in its place, and start again',
      });
    }
    return await readFile(whole);
  } catch (error) {
    throw inputFailure(error, whole);
  }
}
