import { join } from 'node:path';
import { bert } from '../../src/models/bert.js';
import { saveHuggingFace } from '../../src/models/hugging-face.js';
import { initialiseParameters } from '../../src/nn/parameters.js';
import { openTokenizer } from '../../src/tokenizers/load-pieces.js';
import type { TokenizerJson } from '../../src/tokenizers/tokenizer-json.js';
import { tokenizerJsonOf } from '../../src/tokenizers/vocab-txt.js';
import { WORDS } from '../data/words.js';

/** A random BERT of two layers with WordPiece pieces and without a head for hidden words, in `encoder`. */
export async function writePieceEncoder(root: string): Promise<void> {
  const names = ['[PAD]', '[UNK]', '[CLS]', '[SEP]', '[MASK]', ...WORDS];
  const special = { unk: '[UNK]', cls: '[CLS]', sep: '[SEP]', pad: '[PAD]', mask: '[MASK]' };
  const rules = { lowercase: true, stripAccents: null, chineseChars: true };
  const json = tokenizerJsonOf(names.join('\n'), { ...rules, ...special }, 'vocab.txt') as TokenizerJson;
  const tokenizer = openTokenizer(json, {}, 'vocab.txt', new Map([['tokenizer.json', JSON.stringify(json)]]));
  const model = bert({
    vocab_size: names.length,
    hidden_size: 16,
    num_hidden_layers: 2,
    num_attention_heads: 2,
    intermediate_size: 24,
    max_position_embeddings: 40,
    initializer_range: 0.3,
  });
  const weights = initialiseParameters(model.parameters, 1);
  await saveHuggingFace(join(root, 'encoder'), { model, weights, labelNames: [], tokenizer });
}
