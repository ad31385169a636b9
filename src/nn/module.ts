/** @file What layers and models are made of: named parameters, and a forward pass that reads them from a context. */
import type { Value } from '../autograd/value.js';
import type { RandomStream } from '../tensor/random.js';
import type { StaticShape } from '../tensor/shape.js';

/** Fills a new parameter; draws only from its stream. */
export type Initialiser = (random: RandomStream, shape: StaticShape) => Float32Array;

/** A trained tensor, under the name it has in PyTorch (`fc1.weight`). */
export type ParameterSpec = { readonly name: string; readonly shape: StaticShape; readonly initialise: Initialiser };

/** Where a forward pass finds its parameters: graph inputs in training, constants in a frozen teacher. */
export type Parameters = {
  get(name: string): Value;
  /**
   * Rows of a table by number: [V, H], ids [..] -> [.., H]. Asked for by this name, so that a trainer may feed
   * just the rows of a batch and update just those.
   */
  rows(name: string, ids: Value): Value;
};

/** All that a forward pass depends on besides its inputs. */
export type ForwardContext = {
  readonly parameters: Parameters;
  /**
   * Inverted dropout while training, the identity otherwise.
   * @param site names the random stream, once a model.
   * @param whole of x [.., 1, C] that is the first row of each group of a tensor: that tensor, or another with as many
   *   rows a group. The mask is then the one that those rows have among all.
   */
  dropout(x: Value, rate: number, site: string, whole?: Value): Value;
};

/** A layer owns parameter names and maps values to values. */
export type Layer = {
  readonly parameters: readonly ParameterSpec[];
  forward(context: ForwardContext, x: Value): Value;
};
