import { initialiseParameters } from '../nn/parameters.js';
import type { Tokenizer } from '../tokenizers/tokenizer.js';
import type { Model, Weights } from './model.js';

/** The word embeddings of small models. */
export const EMBEDDINGS = 'embed.weight';

/** A student before its first step, and the tokenizer whose ids it reads. */
export type NewStudent = {
  readonly model: Model;
  readonly weights: Weights;
  readonly tokenizer: Tokenizer;
  /** The weights on another seed: the same embeddings, without the work of making them. */
  redrawn(seed: number): Weights;
};

/** @param made What does not depend on the seed, or of the new weights that do on those alone. */
export function newStudent(
  { model, tokenizer, seed }: Pick<NewStudent, 'model' | 'tokenizer'> & { readonly seed: number },
  made: (drawn: Weights) => Weights,
): NewStudent {
  const redrawn = (another: number): Weights => {
    const drawn = initialiseParameters(model.parameters, another);
    return { ...drawn, ...made(drawn) };
  };
  return { model, tokenizer, weights: redrawn(seed), redrawn };
}
