/** @file Files by name, wherever they lie: in a folder, below a URL, in memory. */

export type NamedFiles = {
  /** All of them together, for messages. */
  readonly where: string;
  /** Where one lies, for messages. */
  place(name: string): string;
  /**
   * Its bytes; undefined where nothing is of that name.
   * @throws FileError for one that has more bytes, or cannot be read.
   */
  read(name: string, maxBytes: number): Promise<Uint8Array | undefined>;
};

/** Files that are in memory. */
export function heldFiles(files: Readonly<Record<string, Uint8Array | string>>, where: string): NamedFiles {
  return {
    where,
    place: (name) => `${where}: ${name}`,
    read: async (name) => {
      const content = Object.hasOwn(files, name) ? files[name] : undefined;
      return typeof content === 'string' ? new TextEncoder().encode(content) : content;
    },
  };
}
