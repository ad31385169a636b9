import type { FileError } from '../errors/failures.js';
import { formatCount } from '../errors/number-text.js';

const SHOWN = 3;

/** What becomes of rows that cannot be read: an error, or they are left out, the first ones by name, and counted. */
export class BadRows {
  /** For a reader. */
  readonly read: { readonly onBadRow?: (failure: FileError) => void };
  readonly #onNotice: (text: string) => void;
  #count = 0;

  constructor(what: 'stop' | 'skip' | undefined, onNotice: (text: string) => void) {
    this.#onNotice = onNotice;
    this.read = what === 'skip' ? { onBadRow: (failure) => this.#add(failure) } : {};
  }

  #add(failure: FileError): void {
    this.#count += 1;
    if (this.#count <= SHOWN) this.#onNotice(`left out ${failure.message}`);
  }

  /** How many there were, told if they were not all named. */
  tell(): number {
    if (this.#count > SHOWN) this.#onNotice(`left out ${formatCount(this.#count)} rows in all that cannot be read`);
    return this.#count;
  }
}
