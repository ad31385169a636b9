/** @file Target probabilities other than a teacher's own: averaged, annealed towards the label, or made up. */
import { where } from '../autograd/ops/compare.js';
import { add, div, exp, mul, neg, sqrt, stopGradient, sub } from '../autograd/ops/elementwise.js';
import { gather, oneHot } from '../autograd/ops/indexing.js';
import { softmax } from '../autograd/ops/normalise.js';
import { argMax, sum } from '../autograd/ops/reduce.js';
import { unsqueeze } from '../autograd/ops/shaping.js';
import type { Value } from '../autograd/value.js';
import { ShapeError } from '../errors/failures.js';
import { NO_LABEL } from '../tensor/no-label.js';
import { formatShape } from '../tensor/shape.js';
import { expectClasses, expectFraction, expectSameLogits, expectTemperature, scalarLike } from './operands.js';
import { isLabelled } from './row-loss.js';

/**
 * The mean of several teachers' probabilities, MT-DNN-KD's target (Liu et al. 2019, arXiv:1904.09482, equation 6). The
 * softmax of their mean logits is another one.
 * @param logits of K teachers, [B, C] each.
 * @returns [B, C]
 * @throws ShapeError for no teacher, or shapes that differ.
 */
export function averagedProbs(logits: readonly Value[]): Value {
  const [first, ...more] = logits;
  if (first === undefined) {
    throw new ShapeError({ where: 'averagedProbs', wanted: "at least one teacher's logits", got: 'none' });
  }
  expectClasses(first, 'averagedProbs');
  const total = more.reduce(
    (probs, next) => {
      expectSameLogits(first, next, 'averagedProbs');
      return add(probs, softmax(next, { axis: -1 }));
    },
    softmax(first, { axis: -1 }),
  );
  return stopGradient(mul(total, 1 / logits.length));
}

/**
 * BAM's target, lambda · onehot(label) + (1 − lambda) · teacherProbs (Clark et al. 2019, arXiv:1907.04829, section 3.1);
 * teacherProbs for a row without a label.
 * @param teacherProbs [B, C]
 * @param labels int64 [B], −100 where there is none.
 * @throws ShapeError, OptionError for a lambda outside 0 … 1.
 */
export function annealedTargets(teacherProbs: Value, labels: Value, lambda: number | Value): Value {
  const classes = expectClasses(teacherProbs, 'annealedTargets');
  expectFraction(lambda, 'lambda of annealedTargets');
  const probs = stopGradient(teacherProbs);
  const valid = isLabelled(labels, NO_LABEL);
  const gold = oneHot(where(valid, labels, 0), classes, probs.dtype); // [B] -> [B, C]
  const mixed = add(probs, mul(sub(gold, probs), scalarLike(lambda, probs)));
  return where(unsqueeze(valid, -1), mixed, probs);
}

/**
 * Tf-KD's virtual teacher: `correct` on the label, the rest spread over the other C − 1 classes (Yuan et al. 2020,
 * arXiv:1909.11723, equation 8). With 1 − ε it is label smoothing as that paper's code has it; PyTorch spreads ε over all
 * C classes, so its ε is C / (C − 1) times this one.
 * @param labels int64 [B]; a row of −100 has the target of class 0, and must not count.
 * @param like logits [B, C]
 * @throws ShapeError, OptionError unless `correct` is from 0 to 1.
 */
export function virtualTeacher(labels: Value, like: Value, correct: number): Value {
  const classes = expectClasses(like, 'virtualTeacher');
  expectFraction(correct, 'correct of virtualTeacher');
  const other = (1 - correct) / (classes - 1);
  const gold = oneHot(where(isLabelled(labels, NO_LABEL), labels, 0), classes, like.dtype); // [B] -> [B, C]
  return add(mul(gold, correct - other), other);
}

/**
 * Soft targets from the distances between output embeddings, softmax(−‖E_c − E_label‖ / τ): classes that lie close share
 * mass. Our reading of Hahn & Choi 2019, arXiv:1908.01851, whose equations could not be checked.
 * @param embeddings the classifier's weight, [C, H]; a constant: a gradient would draw the classes together.
 * @param labels int64 [B], or [B, S] for tokens; −100 has the target of class 0, and must not count.
 * @returns [B, C]
 * @throws ShapeError, OptionError for a τ of 0 or less.
 */
export function embeddingTargets(embeddings: Value, labels: Value, temperature: number | Value): Value {
  const { table, own } = ownEmbeddings(embeddings, labels, temperature, 'embeddingTargets');
  const apart = sub(unsqueeze(own, labels.shape.length), table); // [B, 1, H], [C, H] -> [B, C, H]
  return softmax(neg(div(lengthOf(apart), scalarLike(temperature, table))), { axis: -1 });
}

/**
 * The same with two classes alone, the label's and the one that the student names: cheap where there are many. Where they
 * are the same class the target is the label.
 * @param logits the student's, [B, C] or [B, S, C].
 * @returns [B, C]
 * @throws ShapeError, OptionError for a τ of 0 or less.
 */
export function rivalTargets(embeddings: Value, labels: Value, logits: Value, temperature: number | Value): Value {
  const classes = expectClasses(logits, 'rivalTargets');
  const { table, own, index } = ownEmbeddings(embeddings, labels, temperature, 'rivalTargets');
  const rival = argMax(logits, { axis: -1 }); // [B]
  const distance = lengthOf(sub(gather(table, rival), own)); // [B, H] -> [B]
  const ratio = exp(neg(div(distance, scalarLike(temperature, table)))); // the rival's mass over the label's
  const share = unsqueeze(div(1, add(1, ratio)), labels.shape.length); // [B, 1]
  const gold = oneHot(index, classes, table.dtype); // [B, C]
  const other = oneHot(rival, classes, table.dtype);
  return add(other, mul(sub(gold, other), share));
}

/** The table as a constant, the labels with 0 for none, and the labels' rows [B, H]. */
function ownEmbeddings(embeddings: Value, labels: Value, temperature: number | Value, owner: string) {
  expectTemperature(temperature, owner);
  if (embeddings.shape.length !== 2) {
    throw new ShapeError({ where: owner, wanted: 'embeddings [C, H]', got: formatShape(embeddings.shape) });
  }
  const table = stopGradient(embeddings);
  const index = where(isLabelled(labels, NO_LABEL), labels, 0);
  return { table, index, own: gather(table, index) };
}

/** [.., H] -> [..] */
function lengthOf(vectors: Value): Value {
  return sqrt(sum(mul(vectors, vectors), { axes: [-1] }));
}
