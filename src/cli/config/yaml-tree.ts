/** @file A YAML file as a small tree in which every value knows its line; what YAML could do to a reader is bounded. */
import { stat } from 'node:fs/promises';
import {
  CST,
  isAlias,
  isMap,
  isScalar,
  isSeq,
  Lexer,
  LineCounter,
  type ParsedNode,
  parseDocument,
  type Document as YamlDocument,
} from 'yaml';
import { textBlocks } from '../../data/formats/text-lines.js';
import { FileError } from '../../errors/failures.js';
import { inputFailure } from '../../files/file-failure.js';

export type YamlScalar = {
  readonly kind: 'scalar';
  readonly line: number;
  /** null where nothing is written. */
  readonly value: string | number | boolean | null;
  /** As written; of a string in quotes, what they hold. */
  readonly source: string;
};
export type YamlList = { readonly kind: 'list'; readonly line: number; readonly items: readonly YamlTree[] };
export type YamlMap = {
  readonly kind: 'map';
  readonly line: number;
  readonly entries: ReadonlyMap<string, { readonly line: number; readonly value: YamlTree }>;
};
export type YamlTree = YamlScalar | YamlList | YamlMap;

const MAX_BYTES = 1_000_000;
/** Brackets or dashes inside each other; the parser's own limit is the stack, and reaching it can end the process. */
const MAX_NESTING = 50;
const MAX_INDENT = 200;
/** Aliases count for what they stand for, so that a few lines cannot become millions of values. */
const MAX_VALUES = 10_000;

/**
 * Reads a file of one YAML document (1.2, which JSON is too).
 * @returns undefined for a file that holds nothing but comments.
 * @throws FileError with file and line for a file that is missing, over 1 MB, not UTF-8, no YAML, that has a key twice,
 * or that unfolds into more than a config can hold.
 */
export async function readYaml(path: string): Promise<{ readonly text: string; readonly tree: YamlTree | undefined }> {
  const text = await smallText(path);
  expectShallow(text, path);
  const lines = new LineCounter();
  // Keys that come twice are found below: the parser's own search takes 20 s for 50,000 keys.
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false, uniqueKeys: false });
  const problem = document.errors[0] ?? document.warnings[0];
  if (problem !== undefined) {
    const where = `${path}:${lines.linePos(problem.pos[0]).line}`;
    throw new FileError({ where, wanted: 'YAML', got: `invalid YAML: ${problem.message}`, ...adviceFor(problem.code) });
  }
  const { contents } = document;
  if (contents === null) return { text, tree: undefined };
  return { text, tree: new TreeBuilder(path, document, lines).tree(contents, 0) };
}

async function smallText(path: string): Promise<string> {
  const found = await stat(path).catch((error: unknown) => {
    throw inputFailure(error, path);
  });
  if (found.isFile() && found.size > MAX_BYTES) {
    const got = `${(found.size / 1e6).toFixed(1)} MB`;
    throw new FileError({ where: path, wanted: 'a config of at most 1 MB', got, fix: 'check that this is the file' });
  }
  let text = '';
  for await (const block of textBlocks(path)) text += block;
  return text;
}

/** Looks at the tokens, which takes no recursion. */
function expectShallow(text: string, path: string): void {
  let line = 1;
  let open = 0;
  let onLine = 0;
  for (const token of new Lexer().lex(text)) {
    const type = CST.tokenType(token);
    if (type === 'flow-seq-start' || type === 'flow-map-start') open++;
    else if (type === 'flow-seq-end' || type === 'flow-map-end') open--;
    else if (type === 'seq-item-ind' || type === 'explicit-key-ind' || type === 'map-value-ind') onLine++;
    const isNewLine = type === 'newline';
    if (open > MAX_NESTING || (open === 0 && onLine > MAX_NESTING) || (type === 'space' && isDeep(token, onLine))) {
      const got = open > MAX_NESTING || onLine > MAX_NESTING ? `more than ${MAX_NESTING}` : `${token.length} spaces`;
      throw new FileError({ where: `${path}:${line}`, wanted: `at most ${MAX_NESTING} levels of nesting`, got });
    }
    if (isNewLine || open > 0) onLine = 0;
    line += token.split('\n').length - 1;
  }
}

function isDeep(token: string, onLine: number): boolean {
  return onLine === 0 && token.length > MAX_INDENT;
}

function adviceFor(code: string): { readonly fix?: string } {
  if (code === 'TAB_AS_INDENT') return { fix: 'indent with spaces' };
  if (code === 'MULTIPLE_DOCS') return { fix: 'keep one document, without --- between' };
  if (code === 'BLOCK_AS_IMPLICIT_KEY') return { fix: 'put a value with a colon in quotes' };
  return {};
}

/** Turns the parser's nodes into ours, aliases into what they stand for. */
class TreeBuilder {
  readonly #path: string;
  readonly #document: YamlDocument.Parsed;
  readonly #lines: LineCounter;
  #values = 0;

  constructor(path: string, document: YamlDocument.Parsed, lines: LineCounter) {
    this.#path = path;
    this.#document = document;
    this.#lines = lines;
  }

  tree(node: ParsedNode, depth: number): YamlTree {
    const line = this.#lineOf(node);
    if (++this.#values > MAX_VALUES || depth > MAX_NESTING) {
      const got = depth > MAX_NESTING ? 'an alias to itself' : 'more';
      throw new FileError({
        where: `${this.#path}:${line}`,
        wanted: `at most ${MAX_VALUES} values, aliases expanded`,
        got,
      });
    }
    if (isAlias(node)) {
      const target = node.resolve(this.#document) as ParsedNode | undefined;
      if (target === undefined) {
        const wanted = `an anchor &${node.source} before the alias`;
        throw new FileError({ where: `${this.#path}:${line}`, wanted, got: `only *${node.source}` });
      }
      return { ...this.tree(target, depth + 1), line };
    }
    if (isSeq(node)) return { kind: 'list', line, items: node.items.map((item) => this.tree(item, depth + 1)) };
    if (isMap(node)) return { kind: 'map', line, entries: this.#entries(node.items, depth) };
    if (isScalar(node)) return this.#scalar(node.value, node.source, line);
    return { kind: 'scalar', line, value: null, source: '' };
  }

  #entries(
    pairs: readonly { readonly key: ParsedNode; readonly value: ParsedNode | null }[],
    depth: number,
  ): YamlMap['entries'] {
    const entries = new Map<string, { line: number; value: YamlTree }>();
    for (const { key, value } of pairs) {
      const line = this.#lineOf(key);
      const where = `${this.#path}:${line}`;
      if (!isScalar(key) || key.value === null) throw new FileError({ where, wanted: 'a name before :', got: 'none' });
      const name = key.source ?? String(key.value);
      const before = entries.get(name);
      if (before !== undefined) {
        const got = `a duplicate of line ${before.line}`;
        throw new FileError({ where, wanted: `one '${name}'`, got, fix: 'keep one of them' });
      }
      const tree = value === null ? ({ kind: 'scalar', line, value: null, source: '' } as const) : undefined;
      entries.set(name, { line, value: tree ?? this.tree(value as ParsedNode, depth + 1) });
    }
    return entries;
  }

  #scalar(value: unknown, source: string | undefined, line: number): YamlScalar {
    const isPlain = value === null || ['string', 'number', 'boolean'].includes(typeof value);
    const plain = isPlain ? (value as string | number | boolean | null) : String(value);
    return { kind: 'scalar', line, value: plain, source: typeof plain === 'string' ? plain : (source ?? '') };
  }

  #lineOf(node: ParsedNode): number {
    return this.#lines.linePos(node.range[0]).line;
  }
}
