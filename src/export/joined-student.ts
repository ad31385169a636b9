/** @file Two exported students as one: one ONNX file, both tokenizers, one answer. */
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { OptionError } from '../errors/failures.js';
import { inputFailure } from '../files/file-failure.js';
import { writeManifest } from '../files/manifest.js';
import { replaceFolderAtomic } from '../files/replace-folder.js';
import { type LoadOptions, load } from '../inference/load.js';
import { joinedGraph } from '../onnx/joined-graph.js';
import { folderOfModelFile, modelFileIn } from '../onnx/model-file.js';
import { MODEL_FILE, SECOND_FOLDER } from '../onnx/model-versions.js';
import { type OnnxModel, readModel } from '../onnx/read.js';
import { writeModel } from '../onnx/write.js';
import { loadTokenizer } from '../tokenizers/load-tokenizer.js';
import type { Tokenizer } from '../tokenizers/tokenizer.js';
import { expectFree } from './export-model.js';

export type JoinOptions = Pick<LoadOptions, 'onNotice'> & {
  /** Folders of `retort export` with an ONNX file, or .onnx files in one, each in the precision that it was exported in. */
  readonly first: string;
  readonly second: string;
  /** A folder, new or empty. */
  readonly outputDir: string;
  /** From this probability of its label on the second answers alone, and the first is not run; above 0, below 1. Default: never. */
  readonly aloneFrom?: number | undefined;
  /** Replace an earlier export. */
  readonly overwrite?: boolean | undefined;
};

export type JoinedStudent = { readonly labels: readonly string[]; readonly bytes: number };

type Member = {
  readonly path: string;
  readonly model: OnnxModel;
  readonly tokenizer: Tokenizer;
  readonly config: string;
};

/** What the second tokenizer is opened by. */
const OF_TOKENIZER = ['kind', 'tokenizer_sha256', 'vocabulary_size', 'max_length'].map((key) => `retort.${key}`);

/**
 * Writes two students of the same labels as one, which is exported, certified and served as any other: its log-probability of
 * a label is the mean of theirs, so that its probabilities are their geometric mean. With `aloneFrom` a cheap second student
 * answers what it is sure of by itself, and a slow first one is run for the other texts alone.
 * @throws OptionError for a probability outside of its range, for students that do not label the same, or were asked other questions; OutputError for a folder that
 *   holds something; FileError for a graph that cannot be joined; as `load`.
 */
export async function joinStudents({
  outputDir,
  aloneFrom,
  overwrite = false,
  onNotice,
  ...paths
}: JoinOptions): Promise<JoinedStudent> {
  if (aloneFrom !== undefined && !(aloneFrom > 0 && aloneFrom < 1)) {
    throw new OptionError({ where: 'alone_from', wanted: 'a number above 0 and below 1', got: String(aloneFrom) });
  }
  await expectFree(outputDir, overwrite);
  const first = await memberAt(paths.first, onNotice);
  const second = await memberAt(paths.second, onNotice);
  const said = (key: string) => [first, second].map(({ model }) => model.metadata[`retort.${key}`]);
  for (const key of ['labels', 'reads_pairs', 'question']) {
    const [one, other] = said(key);
    // Of labels alone a question is not known.
    if (one === other || (key === 'question' && (one ?? other) === (other ?? one))) continue;
    const wanted = `the ${key === 'reads_pairs' ? 'texts' : key} of the first, ${shown(one)}`;
    throw new OptionError({ where: paths.second, wanted, got: shown(other), fix: 'join students of one task' });
  }
  const labels = JSON.parse(said('labels')[0] ?? '[]') as readonly string[]; // `load` has read them
  const { metadata: own } = first.model;
  const question = said('question').find((one) => one !== undefined);
  const metadata = {
    ...Object.fromEntries(
      Object.entries(own).filter(([key]) => !/\.(temperature|activations|scores|kept|source)$/.test(key)),
    ),
    'retort.kind': said('kind').join('+'),
    'retort.precision': said('precision').join('+'),
    ...(question !== undefined && { 'retort.question': question }),
    ...(aloneFrom !== undefined && { 'retort.alone_from': String(aloneFrom) }),
    'retort.second': JSON.stringify(
      Object.fromEntries(
        OF_TOKENIZER.flatMap((key) =>
          second.model.metadata[key] === undefined ? [] : [[key, second.model.metadata[key]]],
        ),
      ),
    ),
  };
  const graph = joinedGraph(first.model.graph, second.model.graph, {
    where: `${paths.first}, ${paths.second}`,
    ...(aloneFrom !== undefined && { aloneFrom: Math.log(aloneFrom) }),
  });
  const bytes = writeModel(graph, { metadata });
  await replaceFolderAtomic(outputDir, async (inside) => {
    await writeFile(join(inside, MODEL_FILE), bytes);
    await writeFile(join(inside, 'config.json'), first.config);
    await mkdir(join(inside, SECOND_FOLDER));
    for (const [name, text] of first.tokenizer.files) await writeFile(join(inside, name), text);
    for (const [name, text] of second.tokenizer.files) await writeFile(join(inside, SECOND_FOLDER, name), text);
    await writeManifest(inside);
  });
  return { labels, bytes: bytes.length };
}

async function memberAt(path: string, onNotice: LoadOptions['onNotice']): Promise<Member> {
  const student = await load(path, { onNotice });
  const isOdd = student.isTagger || student.tasks !== undefined || student.labels.length < 2;
  await student.release();
  if (isOdd) throw new OptionError({ where: path, wanted: 'a student that labels texts', got: 'another model' });
  const file = path.endsWith('.onnx') ? path : ((await modelFileIn(path)) as string); // it has just been loaded
  const folder = await folderOfModelFile(file);
  try {
    const model = readModel(await readFile(file), file);
    const config = await readFile(join(folder, 'config.json'), 'utf8');
    if (model.metadata['retort.second'] === undefined && model.metadata['retort.labels'] !== undefined) {
      return { path, model, tokenizer: await loadTokenizer(folder), config };
    }
  } catch (error) {
    throw inputFailure(error, file);
  }
  const fix = 'export it by itself: retort export MODEL --output_dir DIR';
  throw new OptionError({
    where: path,
    wanted: 'one student that retort has exported',
    got: 'a joined or foreign one',
    fix,
  });
}

function shown(value: string | undefined): string {
  const text = value ?? 'none';
  return text.length > 200 ? `${text.slice(0, 200)}…` : text;
}
