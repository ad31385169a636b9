/** @file Where an exported model comes from, if not from a folder of this machine: a URL, or bytes. */
import { FileError, OptionError } from '../errors/failures.js';
import { messageOf } from '../errors/message-of.js';
import { heldFiles, type NamedFiles } from '../files/named-files.js';
import { unchangedFiles } from '../files/unchanged-files.js';
import { fieldsOf } from '../onnx/fields.js';
import { metadataIn } from '../onnx/metadata.js';
import { type ModelVersion, modelNames, VERSIONS_FOLDER } from '../onnx/model-versions.js';
import { isJsonObject } from '../options/json.js';
import { described } from '../options/json-checks.js';
import type { Session } from '../runtime/running-session.js';
import { type OpenOptions, openModel } from './open-model.js';
import type { Inference } from './text-model.js';

/** The files of an exported folder by name, in memory: `model.onnx`, `tokenizer.json` and so on. */
export type ModelFiles = Readonly<Record<string, Uint8Array | ArrayBuffer | string>>;

export type SourceOptions = OpenOptions & {
  /** Of a Hugging Face folder with several versions in `onnx`: which. Default: float32, else int8, else float16. */
  readonly precision?: ModelVersion | undefined;
  /** Told of files without checksums, which are taken as they are. */
  readonly onNotice?: ((text: string) => void) | undefined;
  /** Of a URL: gets its files, with headers of your own for instance. Default: `globalThis.fetch`. */
  readonly fetch?: typeof globalThis.fetch | undefined;
  readonly signal?: AbortSignal | undefined;
};

/** What an ONNX file has at most. */
const MAX_MODEL_BYTES = 2 ** 31;

export function isUrl(source: unknown): source is string | URL {
  return source instanceof URL || (typeof source === 'string' && /^(https?|blob|data):/i.test(source));
}

/**
 * @throws FileError for files that are missing, truncated or of another model, CheckpointError for such that were changed
 *   since they were written, OptionError for something else than a source.
 */
export async function loadFrom(
  source: string | URL | ModelFiles,
  openSession: (model: Uint8Array) => Promise<Session>,
  options: SourceOptions,
): Promise<Inference> {
  const { files, name } = filesOf(source, options);
  const checked = await unchangedFiles(files, options.onNotice ?? (() => {}));
  const names = name === undefined ? modelNames(options.precision) : [name];
  for (const file of names) {
    const model = await checked.read(file, MAX_MODEL_BYTES);
    if (model === undefined) continue;
    const fields = fieldsOf(model, files.place(file));
    return openModel(
      {
        where: files.place(file),
        files: checked,
        metadata: await metadataIn(fields),
        // Models that retort exported say what this would look for.
        references: async () => (await import('../onnx/references.js')).referencesIn(fields),
        openSession: () => openSession(model),
      },
      options,
    );
  }
  throw new FileError({
    where: files.where,
    wanted: names.join(' or '),
    got: 'none',
    fix: 'make one: retort export MODEL --to onnx --output_dir DIR',
  });
}

function filesOf(source: unknown, options: SourceOptions): { readonly files: NamedFiles; readonly name?: string } {
  if (isUrl(source)) return urlFiles(new URL(source), options);
  if (isJsonObject(source)) {
    const entries = Object.entries(source as ModelFiles).map(([name, content]) => {
      return [name, content instanceof ArrayBuffer ? new Uint8Array(content) : content] as const;
    });
    const odd = entries.find(([, content]) => typeof content !== 'string' && !(content instanceof Uint8Array));
    if (odd === undefined) return { files: heldFiles(Object.fromEntries(entries), 'the files of the model') };
    throw new OptionError({ where: `load: ${odd[0]}`, wanted: 'bytes or a text', got: described(odd[1]) });
  }
  throw new OptionError({
    where: 'load',
    wanted: 'the URL of an exported model, or its files as { name: bytes }',
    got: described(source),
    fix: 'a folder of the disk is loaded in Node, Bun and Deno alone',
  });
}

/** A folder's URL, or that of its .onnx file. A query, as signed URLs have one, is sent with every name. */
function urlFiles(url: URL, options: SourceOptions): { readonly files: NamedFiles; readonly name?: string } {
  const { fetch = globalThis.fetch, signal } = options;
  const isFile = url.pathname.endsWith('.onnx');
  const folder = new URL(url);
  // Of a version in `onnx` the tokenizer is in the folder above.
  const inFolder = new RegExp(`(${VERSIONS_FOLDER}/)?[^/]*$`).exec(url.pathname)?.[0] ?? '';
  if (isFile) folder.pathname = url.pathname.slice(0, -inFolder.length);
  else if (!url.pathname.endsWith('/')) folder.pathname += '/';
  const urlOf = (name: string) => Object.assign(new URL(folder), { pathname: folder.pathname + name });
  // Without what a signed URL is signed with.
  const place = (name: string) => urlOf(name).origin + urlOf(name).pathname;
  const read = async (name: string, maxBytes: number): Promise<Uint8Array | undefined> => {
    const where = place(name);
    let response: Response;
    try {
      response = await fetch(urlOf(name), signal === undefined ? {} : { signal });
    } catch (cause) {
      signal?.throwIfAborted();
      const got = messageOf(cause);
      throw new FileError({ where, wanted: 'a file that can be fetched', got, fix: 'check the URL, and CORS', cause });
    }
    // A store without a list says 403 of what is not there, and a server of one page sends that in its place.
    if ([403, 404, 410].includes(response.status)) return undefined;
    if (response.headers.get('content-type')?.startsWith('text/html')) return undefined;
    if (!response.ok) throw new FileError({ where, wanted: 'a file', got: `HTTP status ${response.status}` });
    return bodyOf(response, where, maxBytes, signal);
  };
  return { files: { where: place(''), place, read }, ...(isFile && { name: inFolder }) };
}

async function bodyOf(response: Response, where: string, maxBytes: number, signal?: AbortSignal): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  let size = 0;
  try {
    for (const reader = response.body?.getReader(); reader !== undefined; ) {
      const { done, value } = await reader.read();
      if (done) break;
      size += value.length;
      if (size > maxBytes) {
        await reader.cancel();
        throw new FileError({ where, wanted: `at most ${maxBytes} bytes`, got: 'more' });
      }
      parts.push(value);
    }
  } catch (cause) {
    if (cause instanceof FileError) throw cause;
    signal?.throwIfAborted();
    const got = messageOf(cause);
    throw new FileError({ where, wanted: 'a whole file', got, fix: 'load it again', cause });
  }
  const bytes = new Uint8Array(size);
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}
