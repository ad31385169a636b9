/** @file ONNX Runtime's WebAssembly build, an optional peer: from where the command runs, or beside retort. */
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import process from 'node:process';
import { isFile } from '../files/path-entry.js';

const NAME = 'onnxruntime-web';
/** The one whose losses are compared with Node's. */
const VERSION = '1.30.0';
export const RUNTIME_PACKAGE = `${NAME}@${VERSION}`;

/** What a page loads of it; its other builds are for graphics cards. */
const FILES = ['ort.wasm.min.mjs', 'ort-wasm-simd-threaded.mjs', 'ort-wasm-simd-threaded.wasm'];

export type WebRuntimeFiles = {
  readonly version: string;
  /** Paths, by name. */
  readonly files: ReadonlyMap<string, string>;
};

/** @returns undefined where it is not installed, or in another version than the one that retort is tested with. */
export async function findWebRuntime(folder = process.cwd()): Promise<WebRuntimeFiles | undefined> {
  for (const from of [join(folder, 'any.js'), import.meta.url]) {
    const dist = distFolder(from);
    if (dist === undefined || (await versionIn(dirname(dist))) !== VERSION) continue;
    const paths = FILES.map((name) => [name, join(dist, name)] as const);
    const are = await Promise.all(paths.map(([, path]) => isFile(path)));
    if (are.every((is) => is)) return { version: VERSION, files: new Map(paths) };
  }
  return undefined;
}

function distFolder(from: string): string | undefined {
  try {
    return dirname(createRequire(from).resolve(`${NAME}/wasm`));
  } catch {
    // Not there: the page says how to install it.
    return undefined;
  }
}

async function versionIn(folder: string): Promise<unknown> {
  return (JSON.parse(await readFile(join(folder, 'package.json'), 'utf8')) as { readonly version?: unknown }).version;
}
