/**
 * @file Predictions in a file that grows beside its place, and is resumed where it was: no line twice, none missing,
 * whenever the process was killed. What is in it is known by the number of its texts and by their hash.
 */
import { createHash, type Hash } from 'node:crypto';
import { type FileHandle, open, readdir, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { FileError, OptionError, OutputError } from '../../../errors/failures.js';
import { statIfThere, syncFolder, writeFileAtomic } from '../../../files/atomic-write.js';
import { inputFailure, outputFailure } from '../../../files/file-failure.js';
import { readText } from '../../../files/folder-files.js';
import { acquireLock, type Lock } from '../../../files/lock.js';
import { isFile } from '../../../files/path-entry.js';
import { parseJson } from '../../../files/stored-text.js';
import type { TextInput } from '../../../inference/answer.js';
import { checkedJson, object, oneOf, text, whole } from '../../../options/json-checks.js';

export type PredictionFileOptions = {
  readonly path: string;
  /** All that decides a line besides the text: what was resumed under another would be of two sorts. */
  readonly made: string;
  readonly resume: boolean;
  readonly overwrite: boolean;
};

const FORMAT = { name: 'retort-predictions', version: 1 } as const;
const MAX_STATE_BYTES = 2 ** 16;
/** Rows between two states on the disk: what a kill costs at most. */
const ROWS_PER_STATE = 10_000;
const BUFFERED = 2 ** 16;

const state = object({
  format: oneOf(FORMAT.name),
  version: oneOf(FORMAT.version),
  made: text(64, 64),
  rows: whole(0, Number.MAX_SAFE_INTEGER),
  bytes: whole(0, Number.MAX_SAFE_INTEGER),
  inputs: text(64, 64),
});

export class PredictionFile {
  readonly #path: string;
  readonly #part: string;
  readonly #made: string;
  readonly #lock: Lock;
  readonly #handle: FileHandle;
  /** Of the texts that are answered. */
  readonly #hash: Hash = createHash('sha256');
  /** Wanted of the texts that were answered before. */
  readonly #before: { readonly rows: number; readonly inputs: string };
  #rows = 0;
  #bytes: number;
  #waiting: TextInput[] = [];
  #lines: string[] = [];
  #buffered = 0;

  private constructor(
    { path, made }: PredictionFileOptions,
    lock: Lock,
    handle: FileHandle,
    before: { readonly rows: number; readonly bytes: number; readonly inputs: string },
  ) {
    this.#path = path;
    this.#part = `${path}.part`;
    this.#made = made;
    this.#lock = lock;
    this.#handle = handle;
    this.#before = before;
    this.#bytes = before.bytes;
  }

  /**
   * @returns undefined for a file that is to be resumed and is complete
   * @throws OutputError for a place that is taken, or cannot be written; OptionError for both flags; FileError for a state
   *   that is damaged or of another command.
   */
  static async open(options: PredictionFileOptions): Promise<PredictionFile | undefined> {
    const { path, resume, overwrite } = options;
    if (resume && overwrite) {
      const fix = 'pass --resume to continue, or --overwrite to start over';
      throw new OptionError({ where: '--resume --overwrite', wanted: 'one of them', got: 'both', fix });
    }
    const lock = await acquireLock(`${path}.lock`);
    try {
      const part = `${path}.part`;
      const [isDone, isBegun] = [await isFile(path), await isFile(part)];
      if (!resume && !overwrite && (isDone || isBegun)) {
        throw new OutputError({
          where: path,
          wanted: 'a new file',
          got: isBegun ? `one that was begun (${part})` : 'one that is there',
          fix: 'pass --resume to continue, --overwrite to start over, or choose another path',
        });
      }
      if (resume && isDone && !isBegun) {
        await rm(stateOf(path), { force: true });
        lock.release();
        return undefined;
      }
      if (overwrite) for (const one of [stateOf(path), part]) await rm(one, { force: true });
      const before = (isBegun && resume ? await readState(options) : undefined) ?? { rows: 0, bytes: 0, inputs: '' };
      return new PredictionFile(options, lock, await opened(part, before.bytes), before);
    } catch (error) {
      lock.release();
      throw outputFailure(error, path);
    }
  }

  /** Texts that were answered before this command. */
  get resumedAt(): number {
    return this.#before.rows;
  }

  get rows(): number {
    return this.#rows;
  }

  /** The texts without those that are answered. @throws FileError where these are others than they were. */
  async *remaining(inputs: AsyncIterable<TextInput>): AsyncGenerator<TextInput, void> {
    const { rows, inputs: wanted } = this.#before;
    let seen = 0;
    for await (const input of inputs) {
      if (seen >= rows) {
        this.#waiting.push(input);
        yield input;
        continue;
      }
      this.#hash.update(hashed(input));
      if (++seen === rows) this.#expectSame(wanted);
    }
    if (seen < rows) throw this.#others(`${seen} texts in all`);
  }

  #expectSame(wanted: string): void {
    if (this.#hash.copy().digest('hex') !== wanted) throw this.#others('others (their SHA-256 differs)');
    this.#rows = this.#before.rows;
  }

  #others(got: string): FileError {
    const wanted = `first the ${this.#before.rows} texts whose predictions are there`;
    return new FileError({
      where: this.#path,
      wanted,
      got,
      fix: 'give the same texts, or start over with --overwrite',
    });
  }

  /** The line of the next text. */
  async add(line: string): Promise<void> {
    this.#hash.update(hashed(this.#waiting[this.#lines.length] as TextInput));
    this.#lines.push(line);
    this.#buffered += line.length;
    this.#rows++;
    if (this.#rows % ROWS_PER_STATE === 0) await this.#save();
    else if (this.#buffered > BUFFERED) await this.#write();
  }

  async #write(): Promise<void> {
    const bytes = Buffer.from(this.#lines.map((line) => `${line}\n`).join(''));
    this.#waiting = this.#waiting.slice(this.#lines.length);
    this.#lines = [];
    this.#buffered = 0;
    await this.#handle.writeFile(bytes);
    this.#bytes += bytes.length;
  }

  /** Lines before the state that counts them: what a kill leaves beyond it is cut off and predicted again. */
  async #save(): Promise<void> {
    try {
      await this.#write();
      await this.#handle.sync();
      const content = { format: FORMAT.name, version: FORMAT.version, made: this.#made, rows: this.#rows };
      const inputs = this.#hash.copy().digest('hex');
      await writeFileAtomic(stateOf(this.#path), `${JSON.stringify({ ...content, bytes: this.#bytes, inputs })}\n`);
    } catch (error) {
      throw outputFailure(error, this.#part);
    }
  }

  /** All texts are answered: the file takes its place. */
  async finish(): Promise<void> {
    await this.#save();
    try {
      await rename(this.#part, this.#path);
      await syncFolder(dirname(this.#path));
      await rm(stateOf(this.#path), { force: true });
    } catch (error) {
      throw outputFailure(error, this.#path);
    }
  }

  /** Keeps what is answered, after a failure for a command that resumes it. */
  async close({ isFinished }: { readonly isFinished: boolean }): Promise<void> {
    try {
      if (!isFinished && this.#lines.length > 0) await this.#save();
    } finally {
      await this.#handle.close();
      this.#lock.release();
    }
  }
}

function stateOf(path: string): string {
  return `${path}.part.json`;
}

function hashed(input: TextInput): string {
  return `${JSON.stringify(input)}\n`;
}

async function readState({ path, made }: PredictionFileOptions) {
  const where = stateOf(path);
  // A kill before the first state leaves lines that nothing counts.
  if (!(await isFile(where))) return undefined;
  const fix = 'start over with --overwrite';
  const found = checkedJson(state, parseJson(await readText(where, MAX_STATE_BYTES), where), where, fix);
  if (found.made === made) return found;
  const wanted = 'the model, format and options that it was begun with';
  throw new FileError({ where: path, wanted, got: 'others', fix: `give the same, or ${fix}` });
}

/** Open for appending, with so many bytes. */
async function opened(part: string, bytes: number): Promise<FileHandle> {
  const size = (await statIfThere(part))?.size ?? 0;
  if (size < bytes) {
    const fix = 'start over with --overwrite';
    throw new FileError({ where: part, wanted: `at least ${bytes} bytes`, got: `${size}`, fix });
  }
  const handle = await open(part, 'a');
  try {
    await handle.truncate(bytes);
    return handle;
  } catch (error) {
    await handle.close();
    throw error;
  }
}

const MODEL_FILES = /\.(onnx|safetensors|json|txt)$/;

/** SHA-256 of a model's files, or of its .onnx file, and of what else decides its lines. */
export async function madeOf(path: string, options: Readonly<Record<string, unknown>>): Promise<string> {
  const hash = createHash('sha256').update(`${JSON.stringify(options)}\n`);
  const room = Buffer.alloc(BUFFERED);
  try {
    for (const file of (await isFile(path)) ? [path] : await modelFiles(path)) {
      hash.update(`${file.slice(path.length)}\n`);
      await hashFile(file, hash, room);
    }
  } catch (error) {
    throw inputFailure(error, path);
  }
  return hash.digest('hex');
}

/** By one buffer: those of a stream are freed long after they were read, and stay with the process. */
async function hashFile(path: string, hash: Hash, room: Buffer): Promise<void> {
  const handle = await open(path);
  try {
    for (;;) {
      const { bytesRead } = await handle.read(room, 0, room.length, null);
      if (bytesRead === 0) return;
      hash.update(room.subarray(0, bytesRead));
    }
  } finally {
    await handle.close();
  }
}

async function modelFiles(folder: string): Promise<string[]> {
  const files: string[] = [];
  for (const entry of await readdir(folder, { withFileTypes: true })) {
    if (entry.isFile() && MODEL_FILES.test(entry.name)) files.push(join(folder, entry.name));
    if (entry.isDirectory() && entry.name === 'onnx') files.push(...(await modelFiles(join(folder, entry.name))));
  }
  return files.sort();
}
