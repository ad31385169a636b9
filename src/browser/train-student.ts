/** @file A student of texts, trained in memory: from what a page holds to files that it can offer. */
import { textDataset } from '../data/text-dataset.js';
import { type JsFiles, jsStudent, openJsStudent } from '../export/js-student.js';
import { exportOnnx } from '../export/onnx.js';
import { hinton } from '../methods/hinton.js';
import { supervised } from '../methods/supervised.js';
import { METRICS, type MetricName } from '../metrics/table.js';
import type { TrainedModel } from '../models/model.js';
import type { StartSettings } from '../models/start-settings.js';
import type { Given } from '../options/given.js';
import type { Student } from '../standalone/student.js';
import { NO_LABEL } from '../tensor/no-label.js';
import type { Tokenizer } from '../tokenizers/tokenizer.js';
import { tokenizerDigest } from '../tokenizers/tokenizer-digest.js';
import type { TrainingEvent } from '../training/run/events.js';
import { type MemoryRunResult, trainInMemory } from '../training/run/memory-run.js';
import { fitOf } from '../training/text/solver.js';
import { textRun, usualSettings } from '../training/text/text-run.js';
import type { TextSettings } from '../training/text/text-settings.js';
import { namesOfLabels, type TeacherOutputs, teacherOf } from './given-teacher.js';
import { type GivenTexts, taskOf } from './given-texts.js';
import { type GivenVectors, STUDENT_SETTINGS, type StudentKind, startOf } from './new-student.js';

const SEED = 42;

export type TrainStudentOptions = GivenTexts &
  Given<Pick<StartSettings, (typeof STUDENT_SETTINGS)[number]>> &
  Given<Omit<TextSettings, 'sampling' | 'layerDecay'>> & {
    readonly model: StudentKind;
    /** In the order of the teacher's probabilities. Default: the labels, sorted. */
    readonly labelNames?: readonly string[] | undefined;
    /** Rows that the student is scored on. Default: a tenth of the labelled rows; null takes none of them. */
    readonly validation?: GivenTexts | null | undefined;
    /** What a teacher says of each text: Hinton's distillation. Its options default to those of `hinton`. */
    readonly teacher?: (TeacherOutputs & { readonly alpha?: number; readonly temperature?: number }) | undefined;
    /** Of a static model or BiLSTM: word vectors to start from. Default: at random. */
    readonly vectors?: GivenVectors | undefined;
    /** Tokens of a text at most; 128 unless given, and all of n-grams. */
    readonly maxLength?: number | undefined;
    /** 42 unless given. */
    readonly seed?: number | undefined;
    readonly threads?: number | undefined;
    readonly signal?: AbortSignal | undefined;
    readonly onEvent?: ((event: TrainingEvent) => void) | undefined;
  };

export type TrainedStudent = MemoryRunResult &
  Pick<TrainedModel, 'model' | 'labelNames'> & {
    readonly tokenizer: Tokenizer;
    readonly readsPairs: boolean;
    /** The files of `retort export --to js`, by name. @throws as `jsStudent` does. */
    js(): Promise<JsFiles>;
    /** `model.onnx` and the tokenizer's files, which `load` of `retort-ml/inference` takes. @throws as `exportOnnx` does. */
    onnx(): Promise<JsFiles>;
    /** What `student.js` exports, opened here. */
    open(): Promise<Student>;
  };

/**
 * Trains a student on texts in memory, as `retort train` and `retort distill` train one from scratch: settings that are not
 * given are those of its kind. n-grams without a hidden layer are fitted by the convex solver. What is trained by steps ends
 * with the weights of its best epoch.
 * @throws OptionError, ShapeError, FileError before any work; as `trainInMemory` does.
 */
export async function trainStudent(options: TrainStudentOptions): Promise<TrainedStudent> {
  const { seed = SEED, maxLength, threads, signal, onEvent, vectors, monitor: metric = 'accuracy' } = options;
  const { teacher: outputs } = options;
  // Rows of probabilities are found by their numbers.
  const ids = outputs?.recorded && options.ids;
  const task = taskOf({ ...options, ids, labelNames: await namesOfLabels(options) }, seed);
  const { labelNames, isPair: readsPairs } = task;
  const sized = Object.fromEntries(STUDENT_SETTINGS.map((name) => [name, options[name]]));
  const { model, weights, tokenizer } = await startOf(options.model, { ...sized, seed, vectors }, task);
  const cut = { model, ...(maxLength !== undefined && { maxLength }) };
  const train = textDataset(task.train, tokenizer, cut);
  const isJudged = task.validation?.labels?.some((label) => label !== NO_LABEL) === true;
  const evaluation = isJudged && task.validation ? textDataset(task.validation, tokenizer, cut) : undefined;
  const { probabilities: _, recorded: __, ...how } = outputs ?? {};
  const teacher = outputs && (await teacherOf(outputs, { rows: options.texts.length, labelNames }));
  // As `retort distill`: what such a teacher would say at another temperature is not known.
  const usual = teacher?.temperatures === 'one' ? { temperature: 1 } : {};
  const method = teacher === undefined ? supervised() : hinton({ ...usual, ...how });
  // Of an n-gram model `hidden` and `ngrams` are no settings of its training.
  const fitted = fitOf(options, { model, weights, method });
  const monitor = { metric, mode: METRICS[metric].mode };
  const { earlyStopping = usualSettings(model).earlyStopping } = options;
  const stops = earlyStopping > 0 && fitted.fit === undefined && evaluation !== undefined;
  const result = await trainInMemory({
    ...textRun(options, model, train),
    ...fitted,
    ...{ model, weights, method, teacher, monitor, seed, threads, signal, onEvent },
    data: { train, evaluation },
    metrics: [...new Set<MetricName>(['accuracy', metric])],
    restoreBest: evaluation !== undefined,
    ...(stops && { earlyStopping: { ...monitor, patience: earlyStopping } }),
  });
  const trained = { model, weights: result.weights, labelNames, readsPairs, tokenizer };
  return {
    ...{ ...result, ...trained },
    js: () => jsStudent(trained),
    onnx: async () => {
      const hash = await tokenizerDigest(tokenizer);
      const bytes = exportOnnx({ ...trained, ...(hash !== undefined && { tokenizerHash: hash }) });
      return { 'model.onnx': bytes, ...Object.fromEntries(tokenizer.files) };
    },
    open: async () => (await openJsStudent(trained)).student,
  };
}
