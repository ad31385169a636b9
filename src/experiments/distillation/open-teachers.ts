/** @file The teacher of a distillation: a model, an ONNX file, recorded outputs, a language model, several by their mean. */
import { join } from 'node:path';
import type { OpenedTask } from '../../data/open-task.js';
import { ROW_SETTINGS } from '../../data/task-settings.js';
import { OptionError } from '../../errors/failures.js';
import { formatCount, money } from '../../errors/number-text.js';
import type { RetortError } from '../../errors/retort-error.js';
import type { Method } from '../../methods/method.js';
import { openAnyModel } from '../../models/any-model.js';
import { findOnHub } from '../../models/find-on-hub.js';
import { loadModelTokenizer } from '../../models/model-tokenizer.js';
import { modelHash } from '../../models/saved-model.js';
import type { TextModel } from '../../models/text-model.js';
import { defined, givenOptions } from '../../options/given.js';
import { type Question, questionOf } from '../../options/question.js';
import { rotated } from '../../outside/asking/asked-orders.js';
import type { EndpointReport, OutsideOptions } from '../../outside/asking/outside-options.js';
import { type EndpointTeacher, outsideTeacher, renamedModel } from '../../outside/asking/outside-teacher.js';
import { rememberingTeacher } from '../../teachers/cached-teacher.js';
import { crossFittedTeacher } from '../../teachers/cross-fitted-teacher.js';
import { ensembleTeacher } from '../../teachers/ensemble-teacher.js';
import { onnxTeacher } from '../../teachers/onnx-teacher.js';
import { recordedTeacher } from '../../teachers/recorded-teacher.js';
import type { Teacher } from '../../teachers/teacher.js';
import { strictestTerms, type TeacherTerms, termsText } from '../../teachers/terms.js';
import { teacherOfTexts } from '../../teachers/text-teacher.js';
import type { Tokenizer } from '../../tokenizers/tokenizer.js';
import { hasViews } from '../../training/checks/view-checks.js';
import { eventsOf } from '../../training/text/fine-tune.js';
import { termsOfRecorded } from '../asking/asked-summary.js';
import { ANSWERS_FOLDER } from '../formats.js';
import { sharedParts } from '../sharing/sharing.js';
import type { DistillTextsOptions } from './distill-texts-options.js';
import { FORMAT_ADAPTERS } from './endpoint-adapters.js';
import { DEFAULT_FORMAT } from './endpoint-formats.js';
import { drawnExamples } from './few-shot.js';
import { type NamedOptions, namedEndpoint, namedTerms } from './named-endpoint.js';
import type { NamedTeacher } from './named-teachers.js';
import type { TeacherFolds } from './teacher-folds.js';

/** What is to be taught, and where the teacher's outputs go. */
export type Teaching = {
  readonly method: Method;
  readonly task: OpenedTask;
  /** Of the student. */
  readonly tokenizer: Tokenizer;
  readonly device: string;
  readonly outputDir: string;
  /** The folder of the teacher's outputs. */
  readonly cacheDir: string;
  /** Whether the teacher will be asked, and not planned with alone. */
  readonly asks: boolean;
  /** Where the given teachers are the models of folds. */
  readonly folds?: TeacherFolds | undefined;
};

export type OpenedTeacher = {
  readonly teacher: Teacher;
  /** What a language model was asked so far, and the file of its replies. */
  readonly spent: () => (EndpointReport & { readonly log: string }) | undefined;
  /** Rows with an output from which nothing can be learnt, so far. */
  readonly badRows: () => number;
};

const SHOWN_BAD_ROWS = 3;

/** Where a distillation keeps the teacher's outputs, unless told otherwise. */
export function answersFolder({ cacheDir }: DistillTextsOptions, outputDir: string): string {
  return cacheDir ?? join(outputDir, ANSWERS_FOLDER);
}

/**
 * Opens the teachers that are named, or takes the one that a program has. Of several, each keeps its own outputs, and
 * their mean is made anew.
 * @throws OptionError for outputs to a regression; what the teachers throw about files and labels.
 */
export async function openTeachers(
  given: readonly NamedTeacher[] | TextModel | Teacher,
  options: DistillTextsOptions,
  teaching: Teaching,
): Promise<OpenedTeacher> {
  const nothing = { spent: () => undefined, badRows: () => 0 };
  if ('answer' in given) return { ...nothing, teacher: given };
  if ('model' in given) return { ...nothing, teacher: loadedTeacher(given, options, teaching) };
  const { onEvent, ensembleOf, signal } = options;
  const { folds } = teaching;
  const { onNotice } = eventsOf(options);
  const told = new Set<string>();
  const onBadRow = ({ where, got }: RetortError) => {
    if (told.size < SHOWN_BAD_ROWS && !told.has(where)) onNotice(`${where} is ignored: got ${got}`);
    told.add(where);
  };
  const tolerance = options.badRows === 'skip' && { onBadRow };
  let asked: { readonly teacher: EndpointTeacher; readonly log: string } | undefined;
  const members: Teacher[] = [];
  for (const { name, kind } of given) {
    if (kind === 'endpoint') {
      asked = await openEndpoint(name, options, teaching);
      members.push(asked.teacher);
    } else if (kind === 'recorded') {
      members.push(await openRecorded(name, options, teaching, tolerance ? onBadRow : undefined));
    } else {
      const isAlone = given.length === 1;
      const opened =
        kind === 'onnx' ? await openOnnx(name, options, teaching) : await openModel(name, options, teaching, isAlone);
      members.push({ ...opened, ...tolerance });
    }
  }
  const spent = () => {
    const report = asked?.teacher.report();
    return asked && report && { ...report, log: asked.log };
  };
  const badRows = () => told.size;
  const terms = strictestTerms(members.flatMap((member) => member.terms ?? []));
  const question = members.find((member) => member.question !== undefined)?.question;
  const [first, second] = members;
  if (first !== undefined && second === undefined) return { teacher: first, spent, badRows };
  const remembering = members.map((member) =>
    rememberingTeacher(member, {
      folder: teaching.cacheDir,
      parts: sharedParts(options.sharing, { answers: teaching.cacheDir, outputDir: teaching.outputDir }),
      onProgress: (progress) => onEvent?.({ type: 'labelling', name: member.name, ...progress }),
      onNotice,
      ...(signal && { signal }),
    }),
  );
  const teacher =
    folds === undefined
      ? ensembleTeacher(remembering, defined({ of: ensembleOf }))
      : crossFitted(remembering, options, folds);
  return { teacher: { ...teacher, ...defined({ terms, question }) }, spent, badRows };
}

/** The models of folds as one teacher. */
export function crossFitted(
  members: readonly Teacher[],
  { teacher, ensembleOf }: DistillTextsOptions,
  { count, ofText: foldOf }: TeacherFolds,
): Teacher {
  const name = `${teacher}, cross-fitted in ${count} folds`;
  return crossFittedTeacher(members, { foldOf, name, ...defined({ of: ensembleOf }) });
}

/** How a student of the method reads it. */
function studentOf({ method, tokenizer }: Teaching, isAlone = true) {
  const needs = isAlone ? method.needs : (['logits'] as const);
  return { where: `method '${method.name}'`, needs, tokenizer, isInStep: isAlone && hasViews(method) };
}

function loadedTeacher(model: TextModel, options: DistillTextsOptions, teaching: Teaching): Teacher {
  const saved = { ...model, path: model.name, contentHash: modelHash(model) };
  return teacherOfTexts(saved, model.tokenizer, studentOf(teaching), reading(options, teaching));
}

/** A single model may be part of each step; the mean of several is one of outputs. */
async function openModel(name: string, options: DistillTextsOptions, teaching: Teaching, isAlone: boolean) {
  const events = eventsOf(options);
  const opened = await openAnyModel(name, { find: findOnHub(events), onNotice: events.onNotice });
  const tokenizer = await loadModelTokenizer(opened);
  const own = studentOf(teaching, isAlone);
  const teacher = teacherOfTexts({ ...opened, path: name }, tokenizer, own, reading(options, teaching));
  return { ...teacher, ...defined({ question: opened.question }) };
}

function openOnnx(path: string, options: DistillTextsOptions, teaching: Teaching): Promise<Teacher> {
  const tokenizer = options.teacherTokenizer;
  return onnxTeacher(path, { ...reading(options, teaching), ...defined({ tokenizer }) });
}

/** How a teacher reads the rows. */
export function reading(options: DistillTextsOptions, { task, device }: Pick<Teaching, 'task' | 'device'>) {
  return {
    labelNames: task.labelNames,
    ...givenOptions(options, ['maxLength', 'threads']),
    device,
    onNotice: eventsOf(options).onNotice,
  };
}

/** Outputs for rows that are not trained on, as with `rows`, do no harm. */
async function openRecorded(
  path: string,
  options: DistillTextsOptions,
  { task }: Teaching,
  onBadRow: Teacher['onBadRow'],
): Promise<Teacher> {
  expectClasses(path, task);
  const teacher = await recordedTeacher(path, {
    labelNames: task.labelNames,
    unknownRows: 'ignore',
    ...defined({ use: options.teacherUse, onBadRow }),
  });
  const { refused } = teacher;
  const { onNotice } = eventsOf(options);
  if (refused > 0) onNotice(`${path}: ${formatCount(refused)} rows were refused and have no soft target`);
  const terms = options.teacherTerms === undefined ? await termsOfRecorded(path) : namedTerms(path, options);
  return terms === undefined ? teacher : { ...teacher, terms: toldTerms(path, terms, onNotice) };
}

async function openEndpoint(url: string, options: DistillTextsOptions, { task, cacheDir, asks }: Teaching) {
  expectClasses(url, task);
  const { onEvent = () => {}, onDeparture, data, transfer, badRows, signal } = options;
  const log = join(cacheDir, 'endpoint.jsonl');
  const endpoint = await namedEndpoint(url, options, task.labelNames);
  const { teacherFormat = DEFAULT_FORMAT } = options;
  const { teacherExamples: count, dataSeed: seed = ROW_SETTINGS.dataSeed.default } = options;
  const scored = [task.dev, ...(task.test ? [task.test] : [])];
  const shown = count === undefined ? undefined : drawnExamples(task.train, task.labelNames, { count, seed, scored });
  const asked: NamedOptions & OutsideOptions = {
    ...endpoint.options,
    ...(shown && { examples: shown.examples }),
    log,
    ...defined({ answeredBy: await renamedModel(log, endpoint.options.model) }),
    ...(badRows === 'skip' && { maxMalformed: 1 }),
    onSmoke: (report) => {
      onEvent({ type: 'progress', text: smokeLine(report) });
      return true;
    },
    onProgress: ({ done, rows, fromLog, cost, estimatedCost }) =>
      onEvent({
        type: 'labelling',
        name: teacher.name,
        done: done - fromLog,
        total: rows - fromLog,
        known: fromLog,
        ...(cost !== undefined && { cost: `cost ${money(cost)} of about ${money(estimatedCost ?? cost)}` }),
      }),
    ...(signal && { signal }),
  };
  const teacher = outsideTeacher(
    rotated(FORMAT_ADAPTERS[teacherFormat](asked), task.labelNames, asked.rotations),
    asked,
  );
  const names = [data ?? task.name, ...(typeof transfer === 'string' ? [transfer] : [])];
  await onDeparture?.({ ...endpoint.departure, data: names.join(' and '), isAsked: asks });
  const terms = toldTerms(url, endpoint.terms, (text) => onEvent({ type: 'progress', text }));
  const question = askedQuestion(asked, task.isPair);
  return { teacher: { ...teacher, ...(shown && { isShown: shown.isShown }), terms, question }, log };
}

/** What a model at a URL is asked about each row. */
export function askedQuestion({ labelNames, prompt, instructions, criteria }: NamedOptions, isPair: boolean): Question {
  return questionOf({ labelNames, instructions: instructions ?? prompt, criteria, isPair });
}

function toldTerms(name: string, terms: TeacherTerms, tell: (text: string) => void): TeacherTerms {
  tell(termsText(name, terms));
  return terms;
}

function expectClasses(name: string, { isRegression }: OpenedTask): void {
  if (!isRegression) return;
  throw new OptionError({
    where: `teacher ${name}`,
    wanted: 'a classification task: this teacher gives labels, not scores',
    got: 'a regression',
    fix: 'use a model as teacher',
  });
}

/** What the first replies are like, in one line. */
export function smokeLine(report: EndpointReport): string {
  const { done, malformed, refused, byProbabilities, byLogprobs, bySamples, byLabel, outside, estimatedCost, rows } =
    report;
  const kinds: readonly (readonly [number, string])[] = [
    [byProbabilities, 'probabilities'],
    [byLogprobs, 'log-probabilities'],
    [bySamples, 'sampled labels'],
  ];
  const [, kind] = kinds.find(([count]) => count > 0) ?? [0, 'one hard label each'];
  return [
    `the first ${formatCount(done)} replies: ${kind}, ${malformed} without a label`,
    ...(refused > 0 ? [`${refused} refused`] : []),
    ...(byLogprobs > 0 && byLabel > 0 ? [`${byLabel} by their text alone`] : []),
    ...(byLogprobs > 0 ? [`${(100 * outside).toFixed(1)} % of the probability is on no label`] : []),
    ...(estimatedCost === undefined ? [] : [`about ${money(estimatedCost)} for all ${formatCount(rows)} rows`]),
  ].join(', ');
}
