/** @file What the shell and its parts know of each other. */
import type { FolderFacts } from '../src/site/folder-content.js';
import type { SiteFacts } from '../src/site/site.js';

/** What a part is given besides its place. */
export type PartContext = {
  /** What the command has found: the runtime, a folder. */
  readonly site: SiteFacts;
  /** What the user's folder holds; undefined without one. */
  readonly folder: FolderFacts | undefined;
  /** A file beside the page, or `folder/…`. @throws Error that says what to do, for the reader. */
  readonly file: (path: string) => Promise<Uint8Array<ArrayBuffer>>;
  /** Says something to a screen reader: what has changed, when it is not where the focus is. */
  readonly say: (text: string) => void;
};

/** What a module of `parts/` exports. */
export type Mount = (element: HTMLElement, context: PartContext) => void | Promise<void>;

/** A line of `parts/table.ts`. */
export type Part = {
  /** In the address, after `#`. */
  readonly name: string;
  /** In the navigation. */
  readonly title: string;
  /** Loaded when the part is first looked at. */
  readonly load: () => Promise<{ readonly mount: Mount }>;
};
