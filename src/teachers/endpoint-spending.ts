/** @file What an endpoint's answers have cost, and whether the next one still fits into what they may. */
import { EndpointError } from './endpoint-client.js';
import type { EndpointOptions } from './endpoint-options.js';

type Terms = Pick<EndpointOptions, 'model' | 'prices' | 'maxCost'>;

export class Spending {
  readonly #terms: Terms;
  #input = 0;
  #output = 0;
  /** Held back for requests under way: what they may cost at most. */
  #reserved = 0;
  #underWay = 0;
  readonly #waiting: (() => void)[] = [];

  constructor(terms: Terms) {
    this.#terms = terms;
  }

  /** Of all replies. */
  get tokens(): { readonly input: number; readonly output: number } {
    return { input: this.#input, output: this.#output };
  }

  count({ input, output }: { readonly input: number; readonly output: number }): void {
    this.#input += input;
    this.#output += output;
  }

  /** Of so many tokens; 0 without prices. */
  cost({ input, output }: { readonly input: number; readonly output: number }): number {
    const { prices = { input: 0, output: 0 } } = this.#terms;
    return (input * prices.input + output * prices.output) / 1e6;
  }

  /**
   * Holds back what a request may cost at most; waits for others under way where only their bounds stand against it.
   * @param most tokens of the request, at most.
   * @param standing for the message.
   * @throws EndpointError if it could pass the limit.
   */
  async reserve(
    most: { readonly input: number; readonly output: number },
    standing: () => { readonly done: number; readonly rows: number },
  ): Promise<number> {
    const { model, maxCost = Infinity } = this.#terms;
    const atMost = this.cost(most);
    const spent = () => this.cost(this.tokens);
    while (this.#underWay > 0 && spent() + this.#reserved + atMost > maxCost) {
      await new Promise<void>((done) => this.#waiting.push(done));
    }
    if (spent() + atMost > maxCost) {
      const { done, rows } = standing();
      throw new EndpointError({
        where: `teacher ${model}`,
        wanted: `to stay within a cost of ${maxCost}`,
        got: `${money(spent())} after ${done} of ${rows} rows, and up to ${money(atMost)} for the next`,
        fix: 'raise maxCost and run it again: what was answered is kept',
      });
    }
    this.#reserved += atMost;
    this.#underWay += 1;
    return atMost;
  }

  /** Ends a request. @param reserved What was held back for it. */
  settle(reserved: number): void {
    this.#underWay -= 1;
    // Sums of fractions do not come back to 0 by themselves.
    this.#reserved = this.#underWay === 0 ? 0 : this.#reserved - reserved;
    for (const goOn of this.#waiting.splice(0)) goOn();
  }
}

/** An amount, small ones with two digits that count. */
export function money(value: number): string {
  return value < 0.01 ? value.toPrecision(2) : value.toFixed(2);
}
