/** @file Two students in one file (`joinStudents`): how the second reads the same text. */
import type { NamedFiles } from '../files/named-files.js';
import { parseJson } from '../files/stored-text.js';
import { SECOND_FOLDER } from '../onnx/model-versions.js';
import { objectOf } from '../options/json.js';
import { expectTokenizerOf, type OnnxReader } from '../tokenizers/onnx-tokenizer.js';
import type { EncodedRow, Tokenizer } from '../tokenizers/tokenizer.js';
import { tokenizerOf } from '../tokenizers/tokenizer-of.js';

export type SecondStudent = {
  readonly padId: number;
  encode(text: string, pair: string | undefined): EncodedRow;
};

/**
 * @param stored `retort.second`: what a model of its own would say of its tokenizer
 * @throws as `openModel` does for a tokenizer that is missing or another.
 */
export async function openSecond(
  stored: string,
  { where, files, references }: Pick<OnnxReader, 'references'> & { readonly where: string; readonly files: NamedFiles },
  maxLengthFrom: (metadata: ReadonlyMap<string, string>, tokenizer: Tokenizer, wanted: undefined) => number,
): Promise<SecondStudent> {
  const said = Object.entries(objectOf(parseJson(stored, `${where}: retort.second`)));
  const metadata = new Map(said.map(([key, value]) => [key, String(value)]));
  const inside = (name: string) => `${SECOND_FOLDER}/${name}`;
  const place = (name: string) => files.place(inside(name));
  const tokenizer = await tokenizerOf({
    where: place(''),
    place,
    read: (name, most) => files.read(inside(name), most),
  });
  await expectTokenizerOf({ metadata, references, ids: 'input_ids_b' }, tokenizer, place(''));
  const maxLength = maxLengthFrom(metadata, tokenizer, undefined);
  return { padId: tokenizer.padId, encode: (text, pair) => tokenizer.encodeRow(text, pair, { maxLength }) };
}
