// write-smaller-vocabulary.mjs FOLDER: a WordPiece tokenizer cut to 200 pieces, as retort saves it, and rows.json with texts and
// the ids that it gives them. check_smaller_vocabulary.py runs it and looks whether Python agrees.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { loadTokenizer, smallerVocabulary } from 'retort-ml/tokenizers';

const [, , folder] = process.argv;
const { vocab, pairs, uncased } = JSON.parse(
  readFileSync(new URL('../tokenizers/tokenizers.hugging-face.json', import.meta.url), 'utf8'),
);
const whole = join(folder, 'whole');
mkdirSync(whole);
writeFileSync(join(whole, 'vocab.txt'), `${vocab.join('\n')}\n`);
const cls = vocab.indexOf('[CLS]');
const decoder = { [cls]: { content: '[CLS]', special: true, normalized: false } };
const config = { do_lower_case: true, tokenizer_class: 'PreTrainedTokenizerFast', added_tokens_decoder: decoder };
const special = {
  pad_token: '[PAD]',
  unk_token: '[UNK]',
  cls_token: '[CLS]',
  sep_token: '[SEP]',
  mask_token: '[MASK]',
};
writeFileSync(join(whole, 'tokenizer_config.json'), JSON.stringify({ ...config, ...special }));

const texts = uncased.map(([text]) => text);
const { tokenizer } = await smallerVocabulary(await loadTokenizer(whole), texts, 200);
for (const [name, content] of tokenizer.files) writeFileSync(join(folder, name), content);
// `transformers` takes an empty second text for none.
const second = pairs.flatMap(([a, b]) => (b ? [[a, b]] : []));
const rows = [...texts.map((text) => [text]), ...second.slice(0, 40)];
writeFileSync(join(folder, 'rows.json'), JSON.stringify(rows.map((row) => [row, tokenizer.encodeRow(...row).ids])));
