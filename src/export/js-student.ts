/** @file A student as one JavaScript module with nothing beside it: weights, tokenizer and the code that answers. */
import { FileError, OptionError } from '../errors/failures.js';
import { packageVersion } from '../files/package-version.js';
import type { BilstmConfig } from '../models/bilstm.js';
import { checkedWeights } from '../models/checked-weights.js';
import { classesOf } from '../models/forward.js';
import type { Weights } from '../models/model.js';
import type { NgramConfig } from '../models/ngram.js';
import type { StaticConfig } from '../models/static-model.js';
import { defined } from '../options/given.js';
import type { BilstmFacts } from '../standalone/bilstm-student.js';
import { checkedBytes } from '../standalone/checksum.js';
import type { NgramFacts } from '../standalone/ngram-parts.js';
import { inAscii, packedIn, packedText } from '../standalone/packed-text.js';
import { READERS } from '../standalone/readers.js';
import type { StaticFacts } from '../standalone/static-student.js';
import type { Packed, Student, StudentFacts } from '../standalone/student.js';
import { bytesToText, countListToText, floatsToText, placesToText, tableToText } from '../standalone/text-coding.js';
import type { Tensor } from '../tensor/tensor.js';
import { frontCoded } from '../tokenizers/front-coding.js';
import { hasPieces } from '../tokenizers/ngram-features.js';
import type { NgramTokenizer } from '../tokenizers/ngram-rows.js';
import { WHOLE_LENGTH } from '../tokenizers/token-limits.js';
import type { Tokenizer } from '../tokenizers/tokenizer.js';
import { checksumModule } from './checksum-module.js';
import { storedMatrix, TOKEN_WEIGHTS } from './js-weights.js';
import { lstmModule } from './lstm-module.js';
import type { OnnxFolderContent } from './onnx-folder.js';
import { pieceFacts } from './piece-facts.js';

export type JsContent = OnnxFolderContent & { readonly tokenizer: Tokenizer };

/** Files by name. */
export type JsFiles = Readonly<Record<string, string | Uint8Array>>;

/** What a student is packed into, before its code is put in front. */
type Contents = { readonly facts: object; readonly sections: readonly string[]; readonly module?: Uint8Array };

type Packer = (content: JsContent, common: StudentFacts) => Contents;

/** By kind of model; `src/standalone/KIND-student.ts` is what reads it. */
const PACKERS: Readonly<Record<string, Packer>> = { ngram: packNgram, static: packStatic, bilstm: packBilstm };

export const JS_KINDS = Object.keys(PACKERS);

/**
 * A student of n-grams, a static one or a BiLSTM as `student.js`, its types `student.d.ts`, and a `package.json` that says that
 * it is an ES module; of a BiLSTM also `student.wasm`, its kernels for runtimes that compile none by themselves.
 * @throws OptionError for another kind of model, or a tokenizer that it has no code for; CheckpointError for weights of another
 *   model.
 */
export async function jsStudent(content: JsContent): Promise<JsFiles> {
  const { kind } = content.model;
  const { packed, module, readsPairs } = packedOf(content);
  return {
    'student.js': moduleText(kind, await bundleOf(kind), packed, module !== undefined),
    'student.d.ts': typesText(readsPairs, module !== undefined),
    'package.json': `${JSON.stringify({ private: true, type: 'module', exports: './student.js', types: './student.d.ts' }, null, 2)}\n`,
    ...(module && { 'student.wasm': module }),
  };
}

/** The text of `student.js`, and what it exports, opened in this process. @throws as `jsStudent` does. */
export async function openJsStudent(
  content: OnnxFolderContent,
): Promise<{ readonly text: string; readonly student: Student }> {
  const whole = withTokenizer(content);
  const { packed } = packedOf(whole);
  const reader = READERS[whole.model.kind] as (typeof READERS)[string]; // as there are packers
  const text = (await jsStudent(whole))['student.js'] as string;
  return { text, student: (await reader()).open(packed) };
}

type PackedStudent = {
  readonly packed: Packed;
  readonly module: Uint8Array | undefined;
  readonly readsPairs: boolean;
};

function packedOf(content: JsContent): PackedStudent {
  const { model, tokenizer } = content;
  const pack = Object.hasOwn(PACKERS, model.kind) ? PACKERS[model.kind] : undefined;
  if (pack === undefined) {
    throw new OptionError({
      where: 'to js',
      wanted: `a student of kind ${JS_KINDS.join(', ')}`,
      got: `a ${model.kind}`,
      fix: 'use --to onnx --precision int8, or --to hf',
    });
  }
  const weights = checkedWeights(new Map<string, Tensor>(Object.entries(content.weights)), model, model.kind);
  const C = classesOf(model);
  const named = content.labelNames.length > 0;
  const labels = named ? content.labelNames : C === 1 ? ['score'] : Array.from({ length: C }, (_, i) => `LABEL_${i}`);
  const readsPairs = content.readsPairs ?? model.config.is_pair === true;
  const { question, temperature } = content;
  const said = defined({ question, temperature: temperature === 1 ? undefined : temperature });
  const common: StudentFacts = { labels, readsPairs, maxLength: maxLengthOf(tokenizer), ...said };
  const { facts, sections, module } = pack({ ...content, weights }, common);
  const text = JSON.stringify(facts);
  const checker = checksumModule();
  const checkerText = bytesToText(new Int8Array(checker.buffer));
  const packed: Packed = {
    ...{ facts: text, sections, checksum: checkedBytes([text, ...sections]).checksum },
    checker: [checker.length, checkerText, checkedBytes([checkerText, `${checker.length}`]).checksum],
  };
  return { packed, module, readsPairs };
}

/** @throws OptionError for a model that reads no text. */
export function withTokenizer(content: OnnxFolderContent): JsContent {
  const { tokenizer, model } = content;
  if (tokenizer !== undefined) return { ...content, tokenizer };
  throw new OptionError({ where: 'to js', wanted: 'a student that reads text', got: `a ${model.kind}` });
}

/** As `load` has it. */
function maxLengthOf({ readsWhole, modelMaxLength = Infinity }: Tokenizer): number {
  return Math.min(modelMaxLength, readsWhole ? WHOLE_LENGTH : 512);
}

function packNgram({ model, weights, tokenizer }: JsContent, common: StudentFacts): Contents {
  const { hidden_size: hidden } = model.config as NgramConfig;
  const { parts } = (tokenizer as NgramTokenizer).features;
  const [pieces, vocabulary] = parts.blocks.some(hasPieces)
    ? pieceFacts({ files: parts.tokenizer?.files ?? new Map(), padId: 0 })
    : [];
  const lists = parts.blocks.map(({ grams }) => grams && frontCoded(grams));
  const facts: NgramFacts = {
    ...common,
    texts: parts.texts,
    hidden,
    blocks: parts.blocks.map(({ text, kind, range, df }, i) => {
      const ends = lists[i]?.ends;
      return { text, kind, range, size: df.length, ...(ends !== undefined && { ends }) };
    }),
    ...(pieces && { pieces }),
  };
  const listed = parts.blocks.flatMap(({ df }, i) => {
    const list = lists[i];
    return [...(list ? [list.rests, placesToText(list.starts)] : []), ...countListToText(df)];
  });
  const layer = hidden > 0 ? matrix(model, weights, 'fc.weight') : [];
  const sections = [
    ...listed,
    ...(vocabulary === undefined ? [] : [vocabulary]),
    ...table(model, weights, 'embed.weight'),
    ...layer,
    floats(weights, 'fc.bias'),
  ];
  return { facts, sections };
}

function packStatic({ model, weights, tokenizer }: JsContent, common: StudentFacts): Contents {
  const config = model.config as StaticConfig;
  const { vocab_size, embedding_size, hidden_sizes, ngram_sizes, ngram_buckets, is_pair } = config;
  const [pieces, vocabulary] = pieceFacts(tokenizer);
  const words = storedMatrix(model, weights, 'embed.weight');
  const logOdds = (weights[TOKEN_WEIGHTS] as Tensor<'float32'>).data;
  const scales = words.scales.map((scale, id) => scale / (1 + Math.exp(-(logOdds[id] as number))));
  const facts: StaticFacts = {
    ...common,
    pieces,
    config: { vocab_size, embedding_size, hidden_sizes, ngram_sizes, ngram_buckets, is_pair },
  };
  const layers = Array.from({ length: hidden_sizes.length + 1 }, (_, i) => dense(model, weights, `fc${i + 1}`));
  const sections = [
    ...[vocabulary, ...tableToText(words.inOrder, embedding_size), floatsToText(scales)],
    ...(ngram_buckets > 0 ? table(model, weights, 'ngrams.weight') : []),
    ...layers.flat(),
  ];
  return { facts, sections };
}

function packBilstm({ model, weights, tokenizer }: JsContent, common: StudentFacts): Contents {
  const { vocab_size, embedding_size, hidden_size, dense_size, pad_token_id, is_pair } = model.config as BilstmConfig;
  const [pieces, vocabulary] = pieceFacts(tokenizer);
  const module = lstmModule();
  const facts: BilstmFacts = {
    ...common,
    pieces,
    config: { vocab_size, embedding_size, hidden_size, dense_size, pad_token_id, is_pair },
    moduleBytes: module.length,
  };
  const directions = ['_l0', '_l0_reverse'].flatMap((suffix) => {
    const of = (part: string) => `bi_rnn.${part}${suffix}`;
    const [input, state] = [of('bias_ih'), of('bias_hh')].map((name) => weights[name] as Tensor<'float32'>);
    const biases = input?.data.map((value, i) => value + (state?.data[i] as number)) ?? new Float32Array();
    const [fromInput, fromState] = [of('weight_ih'), of('weight_hh')].map((name) => matrix(model, weights, name));
    return [...(fromInput ?? []), ...(fromState ?? []), floatsToText(biases)];
  });
  const sections = [
    vocabulary,
    ...table(model, weights, 'embed.weight'),
    ...directions,
    ...dense(model, weights, 'fc1'),
    ...dense(model, weights, 'fc2'),
    bytesToText(new Int8Array(module.buffer)),
  ];
  return { facts, sections, module };
}

function table(model: JsContent['model'], weights: Weights, name: string): readonly string[] {
  const { inOrder, scales } = storedMatrix(model, weights, name);
  return [...tableToText(inOrder, weights[name]?.shape[1] as number), floatsToText(scales)];
}

function matrix(model: JsContent['model'], weights: Weights, name: string): [rows: string, scales: string] {
  const { inOrder, scales } = storedMatrix(model, weights, name);
  return [bytesToText(inOrder), floatsToText(scales)];
}

function floats(weights: Weights, name: string): string {
  return floatsToText((weights[name] as Tensor<'float32'>).data);
}

function dense(model: JsContent['model'], weights: Weights, name: string): readonly string[] {
  return [...matrix(model, weights, `${name}.weight`), floats(weights, `${name}.bias`)];
}

/** The code that answers, as the build bundled it. */
const CODE: Readonly<Record<string, () => Promise<{ readonly code: string }>>> = {
  ngram: () => import('#students/ngram'),
  static: () => import('#students/static'),
  bilstm: () => import('#students/bilstm'),
};

async function bundleOf(kind: string): Promise<string> {
  const load = CODE[kind] as (typeof CODE)[string]; // as there are packers
  return (await load()).code;
}

/** A student's file as it was written, and what it says of itself. */
export type JsFile = { readonly facts: StudentFacts; readonly student: Student };

/**
 * Opens the text of a `student.js` without running it: by the same code, which has to be the file's own.
 * @param where the file, for messages
 * @throws FileError for another file, one that was changed, and one of another version of retort.
 */
export async function readJsStudent(text: string, where: string): Promise<JsFile> {
  const packed = packedIn(text, where);
  const facts = JSON.parse(packed.facts) as StudentFacts; // as its checksum will say
  const kind = /^\/\/ A student of kind (\w+),/.exec(text)?.[1] ?? '';
  const reader = Object.hasOwn(READERS, kind) ? READERS[kind] : undefined;
  if (reader === undefined || moduleText(kind, await bundleOf(kind), packed, 'moduleBytes' in facts) !== text) {
    throw new FileError({
      where,
      wanted: `a student as retort ${packageVersion()} writes it, code included`,
      got: 'one of another version, or one that was changed',
      fix: 'export it again: retort export MODEL --to js --output_dir DIR',
    });
  }
  return { facts, student: (await reader()).open(packed) };
}

function moduleText(kind: string, bundle: string, packed: Packed, hasKernels: boolean): string {
  const exported = ['labels', 'predict', ...(hasKernels ? ['useKernels', 'kernels'] : [])];
  return [
    `// A student of kind ${kind}, written by retort ${packageVersion()}. The code in it is retort's, Apache-2.0.`,
    inAscii(bundle.trim()),
    `const student = retort.open(${packedText(packed)});`,
    `export const { ${exported.join(', ')} } = student;`,
    '',
  ].join('\n');
}

function typesText(readsPairs: boolean, hasKernels: boolean): string {
  const one = readsPairs ? 'pair: readonly [text: string, pair: string]' : 'text: string';
  const many = readsPairs ? 'pairs: readonly (readonly [text: string, pair: string])[]' : 'texts: readonly string[]';
  const kernels = `
/** Answers by the compiled student.wasm (a WebAssembly.Module) from now on, where none may be compiled at run time. */
export declare function useKernels(module: object): void;
/** What answers: WebAssembly, or plain JavaScript. */
export declare function kernels(): 'simd' | 'scalar';
`;
  return `export type Answer = {
  /** The most probable class; of a regression the name of what is scored. */
  readonly label: string;
  /** The probability of \`label\`; of a regression the value itself. */
  readonly score: number;
  /** In the order of \`labels\`; empty for a regression. */
  readonly probabilities: readonly number[];
};
/** In the order of the classes. */
export declare const labels: readonly string[];
export declare function predict(${one}): Answer;
export declare function predict(${many}): Answer[];
${hasKernels ? kernels : ''}`;
}
