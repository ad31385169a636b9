/** @file What an ONNX model says of its tensors, without their elements: the files that hold them, how many words it knows. */
import type { Field, FieldReader } from './fields.js';

/** Fields in onnx.proto that hold further messages, and the kind of these: all that can lead to a tensor. */
const MESSAGES: Readonly<Record<string, Readonly<Record<number, string>>>> = {
  model: { 7: 'graph', 20: 'training', 25: 'function' },
  training: { 1: 'graph', 2: 'graph' },
  function: { 7: 'node', 11: 'attribute' },
  graph: { 1: 'node', 5: 'tensor', 15: 'sparse' },
  node: { 5: 'attribute' },
  attribute: { 5: 'tensor', 6: 'graph', 10: 'tensor', 11: 'graph', 22: 'sparse', 23: 'sparse' },
  sparse: { 1: 'tensor', 2: 'tensor' },
  tensor: {},
};
const TENSOR = { dims: 1, name: 8, external: 13 } as const;
const NODE = { input: 1, type: 4 } as const;

/** Graphs inside nodes inside graphs: far more than any real model has. */
const MAX_DEPTH = 256;

export type OnnxReferences = {
  /** Where tensors outside the file lie: their `location`s as they are written, each once. */
  readonly externalFiles: readonly string[];
  /** Rows of the table that each input is looked up in, by the input's name. */
  readonly tableRows: ReadonlyMap<string, number>;
};

/** @throws FileError for a file that is torn, or no ONNX model. */
export async function referencesIn(reader: FieldReader): Promise<OnnxReferences> {
  const found = new References(reader);
  await found.walk('model', { start: 0, end: reader.size });
  return found;
}

class References implements OnnxReferences {
  readonly #reader: FieldReader;
  readonly #locations = new Set<string>();
  /** First dimensions of tensors by name, and what `Gather` reads in which. */
  readonly #rows = new Map<string, number>();
  readonly #lookups: (readonly [table: string, input: string])[] = [];

  constructor(reader: FieldReader) {
    this.#reader = reader;
  }

  get externalFiles(): readonly string[] {
    return [...this.#locations];
  }

  get tableRows(): ReadonlyMap<string, number> {
    return new Map(
      this.#lookups.flatMap(([table, input]) => {
        const rows = this.#rows.get(table);
        return rows === undefined ? [] : [[input, rows] as const];
      }),
    );
  }

  async walk(kind: string, message: Pick<Field, 'start' | 'end'>, depth = 0): Promise<void> {
    if (depth > MAX_DEPTH) throw this.#reader.failure(`graphs more than ${MAX_DEPTH} deep in each other`);
    const texts: { name?: string; type?: string; inputs: string[] } = { inputs: [] };
    let rows: number | undefined;
    for await (const field of this.#reader.in(message)) {
      const inner = MESSAGES[kind]?.[field.number];
      if (inner !== undefined) await this.walk(inner, field, depth + 1);
      else if (kind === 'node' && field.number === NODE.input) texts.inputs.push(await this.#reader.text(field));
      else if (kind === 'node' && field.number === NODE.type) texts.type = await this.#reader.text(field);
      else if (kind !== 'tensor') continue;
      else if (field.number === TENSOR.name) texts.name = await this.#reader.text(field);
      else if (field.number === TENSOR.dims) rows ??= await this.#reader.number(field);
      else if (field.number === TENSOR.external) await this.#seeExternal(field);
    }
    if (texts.name !== undefined && rows !== undefined) this.#rows.set(texts.name, rows);
    const [table, input] = texts.inputs;
    if (texts.type === 'Gather' && table !== undefined && input !== undefined) this.#lookups.push([table, input]);
  }

  async #seeExternal(field: Field): Promise<void> {
    const [key, value] = await this.#reader.entry(field);
    if (key === 'location') this.#locations.add(value);
  }
}
