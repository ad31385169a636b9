/** @file Where the replies to each request are in a log: some fifty bytes a reply, of which millions fit into memory. */
import { GrowingNumbers } from '../../data/growing-numbers.js';
import { FileError } from '../../errors/failures.js';
import type { LinePlace, LineReader } from '../../files/json-lines.js';
import { parsedJson } from '../../options/json.js';
import { KeyNumbers } from './key-numbers.js';
import type { Reply, replySchema } from './outside-reply.schema.js';

const NONE = -1;

export class ReplyIndex {
  readonly keys: KeyNumbers;
  /** By the model that was asked, those that its replies named, in the order in which they came last. */
  readonly answeredBy = new Map<string, readonly string[]>();
  readonly #path: string;
  readonly #schema: typeof replySchema;
  /** By the number of a key: its last reply, or `NONE`. */
  #last = new Int32Array(0);
  /** By the number of a reply: its line, and the reply to the same request before it. */
  readonly #at = new GrowingNumbers((length) => new Float64Array(length));
  readonly #bytes = new GrowingNumbers((length) => new Uint32Array(length));
  readonly #before = new GrowingNumbers((length) => new Int32Array(length));

  constructor(path: string, schema: typeof replySchema, keys = new KeyNumbers()) {
    this.#path = path;
    this.#schema = schema;
    this.keys = keys;
  }

  take({ key, model, answeredBy: by }: Reply, { at, bytes }: LinePlace): void {
    const models = this.answeredBy.get(model) ?? [];
    if (by !== undefined && models.at(-1) !== by) {
      this.answeredBy.set(model, [...models.filter((other) => other !== by), by]);
    }
    const number = this.keys.of(key);
    if (number >= this.#last.length) {
      const longer = new Int32Array(Math.max(1024, 2 * number)).fill(NONE);
      longer.set(this.#last);
      this.#last = longer;
    }
    const reply = this.#at.numbers().length;
    this.#at.push(at);
    this.#bytes.push(bytes);
    this.#before.push(this.#last[number] as number);
    this.#last[number] = reply;
  }

  /** @throws FileError for a log that another program has changed meanwhile. */
  read(question: number, file: LineReader): readonly Reply[] {
    return this.#placesOf(question).map((place) => {
      const parsed = this.#schema.safeParse(parsedJson(file.read(place)));
      if (parsed.success && this.keys.find(parsed.data.key) === question) return parsed.data;
      const wanted = 'an unchanged log';
      throw new FileError({ where: this.#path, wanted, got: 'another file', fix: 'run it again' });
    });
  }

  #placesOf(question: number): LinePlace[] {
    const [at, bytes, before] = [this.#at.numbers(), this.#bytes.numbers(), this.#before.numbers()];
    const places: LinePlace[] = [];
    for (let reply = this.#last[question] ?? NONE; reply !== NONE; reply = before[reply] ?? NONE) {
      places.push({ at: at[reply] as number, bytes: bytes[reply] as number });
    }
    return places.reverse();
  }
}
