/** @file Numbers that come one by one, in as many bytes as their type has. */

type NumberArray =
  | Int32Array<ArrayBuffer>
  | Uint32Array<ArrayBuffer>
  | Float32Array<ArrayBuffer>
  | Float64Array<ArrayBuffer>
  | Uint8Array<ArrayBuffer>;

/** As an array that is pushed to, which takes eight bytes for each number and often sixteen. */
export class GrowingNumbers<A extends NumberArray> {
  readonly #make: (length: number) => A;
  #numbers: A;
  #size = 0;

  constructor(make: (length: number) => A) {
    this.#make = make;
    this.#numbers = make(1024);
  }

  push(value: number): void {
    if (this.#size === this.#numbers.length) {
      const longer = this.#make(Math.ceil(1.5 * this.#size));
      longer.set(this.#numbers);
      this.#numbers = longer;
    }
    this.#numbers[this.#size] = value;
    this.#size += 1;
  }

  /** The numbers so far: a view, valid until the next one is pushed. */
  numbers(): A {
    return this.#numbers.subarray(0, this.#size) as A;
  }
}
