/**
 * @file A trained model as the programs of the hub feed it: from the ids and the mask of a tokenizer's pieces. Models that read
 * these are taken as they are; one over n-grams of pieces finds its n-grams in the graph.
 */
import { and, greaterOrEqual, less, where } from '../autograd/ops/compare.js';
import { add, sub } from '../autograd/ops/elementwise.js';
import { gramSums } from '../autograd/ops/grams.js';
import { positions } from '../autograd/ops/indexing.js';
import { sum } from '../autograd/ops/reduce.js';
import { scalar, type Value } from '../autograd/value.js';
import { OptionError } from '../errors/failures.js';
import { type Model, readsText } from '../models/model.js';
import { linear } from '../nn/linear.js';
import type { NgramFeatures, PieceTokenizer } from '../tokenizers/ngram-features.js';
import type { NgramTokenizer } from '../tokenizers/ngram-rows.js';
import { readSpellings } from '../tokenizers/pieces.js';
import type { Tokenizer } from '../tokenizers/tokenizer.js';

export type HubModel = {
  readonly model: Model;
  /** Of pieces, also where the model is one over their n-grams. */
  readonly tokenizer: Tokenizer;
};

/**
 * @throws OptionError for a model of images, of two texts that are inputs of their own, and for one over n-grams that ids do not
 *   tell: of words or characters, hashed, or of two texts.
 */
export async function hubModel(model: Model, tokenizer: Tokenizer | undefined): Promise<HubModel> {
  if (!readsText(model) || tokenizer === undefined)
    throw refused(`a ${model.kind}, which reads no text`, 'use --to onnx');
  if (model.config.is_pair === true)
    throw refused(`a ${model.kind} of pairs, whose second texts are an input of their own`);
  return isOfNgrams(tokenizer) ? pieceNgram(model, tokenizer.features) : { model, tokenizer };
}

function isOfNgrams(tokenizer: Tokenizer): tokenizer is NgramTokenizer {
  return 'features' in tokenizer;
}

/** As it was loaded, and not only its pieces. */
function isWhole(tokenizer: PieceTokenizer | undefined): tokenizer is Tokenizer {
  return tokenizer !== undefined && 'encodeRow' in tokenizer;
}

/**
 * Inputs, int64 [B, S]: `input_ids`, `attention_mask`; parameters, and sums but for their last digits, as `ngram` has them.
 */
async function pieceNgram(model: Model, features: NgramFeatures): Promise<HubModel> {
  const { blocks, texts, tokenizer } = features.parts;
  const [block, ...others] = blocks;
  if (!isWhole(tokenizer) || block?.kind !== 'pieces' || others.length > 0) {
    const kinds = [...new Set(blocks.map(({ kind }) => kind))].join(' and ');
    throw refused(`one over n-grams of ${kinds}${features.readsPairs ? ' of two texts' : ''}`);
  }
  if (block.grams === undefined) throw refused('one over hashed n-grams (--buckets)');
  const grams = idsOf(block.grams, readSpellings(tokenizer));
  const idf = Array.from(block.df, (df) => Math.log((1 + texts) / (1 + df)) + 1);
  // Special tokens around a text are no part of its n-grams.
  const { before, behind } = specialTokens(tokenizer);
  const { hidden_size: H, num_labels: C } = model.config as { hidden_size: number; num_labels: number };
  const classifier = linear('fc', H, C);
  return {
    tokenizer,
    model: {
      kind: model.kind,
      config: { ...model.config, vocab_size: tokenizer.vocabularySize },
      parameters: model.parameters,
      signals: ['logits'],
      inputs: ({ B, S = 'S' }) =>
        ['input_ids', 'attention_mask'].map((name) => ({ name, dtype: 'int64', shape: [B, S] })),
      forward: (context, inputs) => {
        const { input_ids: ids, attention_mask: mask } = inputs as { input_ids: Value; attention_mask: Value };
        const at = positions(ids, { axis: 1 }); // [S]
        const end = sub(sum(mask, { axes: [1], keepDims: true }), behind); // [B, 1]
        const isOfText = and(greaterOrEqual(at, before), less(at, end)); // [B, S]
        const known = where(isOfText, ids, scalar(-1, 'int64'));
        const sums = gramSums(context.parameters.get('embed.weight'), known, { grams, idf }); // [B, H], or [B, C]
        return { logits: H > 0 ? classifier.forward(context, sums) : add(sums, context.parameters.get('fc.bias')) };
      },
    },
  };
}

/** How many a tokenizer puts before a text and behind it. */
function specialTokens(tokenizer: Tokenizer): { readonly before: number; readonly behind: number } {
  const { ids: around } = tokenizer.encodeRow('');
  const { ids } = tokenizer.encodeRow('a');
  let before = 0;
  while (before < around.length && around[before] === ids[before]) before++;
  return { before, behind: around.length - before };
}

/** N-grams as their pieces' ids. */
function idsOf(grams: readonly string[], spellings: readonly string[]): number[][] {
  const ids = new Map(spellings.map((piece, id) => [piece, id] as const));
  return grams.map((gram) =>
    gram.split(' ').map((piece) => {
      const id = ids.get(piece);
      if (id !== undefined) return id;
      throw refused(`one over n-grams with '${piece}', which is no piece of its vocabulary`);
    }),
  );
}

function refused(got: string, fix = 'use --to js, one module that needs no runtime, or --to onnx'): OptionError {
  return new OptionError({
    where: 'to hf',
    wanted: 'a model that reads the token ids of single texts, as the programs of the Hugging Face hub give them',
    got,
    fix,
  });
}
