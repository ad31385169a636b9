/** @file The teacher of `retort distill`: a model, an ONNX file, recorded answers, a language model, or several. */
import { join } from 'node:path';
import { OptionError } from '../../../errors/failures.js';
import type { RetortError } from '../../../errors/retort-error.js';
import type { Method } from '../../../methods/method.js';
import { openAnyModel } from '../../../models/any-model.js';
import { loadModelTokenizer } from '../../../models/model-tokenizer.js';
import { rememberingTeacher } from '../../../teachers/cached-teacher.js';
import type { EndpointReport } from '../../../teachers/endpoint-options.js';
import { type EndpointTeacher, endpointTeacher } from '../../../teachers/endpoint-teacher.js';
import { ensembleTeacher } from '../../../teachers/ensemble-teacher.js';
import { onnxTeacher } from '../../../teachers/onnx-teacher.js';
import { recordedTeacher } from '../../../teachers/recorded-teacher.js';
import type { Teacher } from '../../../teachers/teacher.js';
import { teacherOfTexts } from '../../../teachers/text-teacher.js';
import type { Tokenizer } from '../../../tokenizers/tokenizer.js';
import { hasViews } from '../../../training/checks/view-checks.js';
import type { CommandIo, Json } from '../../command.js';
import { findOnHub } from '../../hub-models.js';
import { formatCount } from '../../numbers.js';
import type { OptionValues } from '../../options.js';
import type { TrainingTask } from '../train/training-task.js';
import { endpointFlags } from './endpoint-flags.js';
import { departureLine, expectKeyAllowed } from './key-allowance.js';
import type { NamedTeacher } from './teacher-flags.js';
import type { distillUsage } from './usage.js';

type Options = OptionValues<typeof distillUsage.options>;

/** What is to be taught, and where the answers go. */
export type Lesson = {
  readonly method: Method;
  readonly task: TrainingTask;
  /** Of the student. */
  readonly tokenizer: Tokenizer;
  /** The folder of the answers. */
  readonly cacheDir: string;
};

export type OpenedTeacher = {
  readonly teacher: Teacher;
  /** What a language model was asked so far, for the output. */
  readonly spent: () => { readonly text: string; readonly json: Json } | undefined;
  /** Rows with an answer from which nothing can be learnt, so far. */
  readonly badRows: () => number;
};

const SHOWN_BAD_ROWS = 3;

/** Where `retort distill` keeps answers, unless told otherwise. */
export function answersFolder(outputDir: string, { cacheDir }: Pick<Options, 'cacheDir'>): string {
  return cacheDir ?? join(outputDir, 'answers');
}

/**
 * Opens what `--teacher` names. Of several, each keeps its own answers, and their mean is made anew.
 * @throws OptionError for answers to a regression; what the teachers throw about files and labels.
 */
export async function openTeachers(
  teachers: readonly NamedTeacher[],
  options: Options,
  lesson: Lesson,
  io: CommandIo,
): Promise<OpenedTeacher> {
  const members: Teacher[] = [];
  const told = new Set<string>();
  const tolerance = options.badRows === 'skip' && {
    onBadRow: ({ where, got }: RetortError) => {
      if (told.size < SHOWN_BAD_ROWS && !told.has(where)) io.notice(`nothing is learnt from ${where}: got ${got}`);
      told.add(where);
    },
  };
  let asked: { readonly teacher: EndpointTeacher; readonly log: string } | undefined;
  for (const { name, kind } of teachers) {
    if (kind === 'endpoint') {
      asked = await openEndpoint(name, options, lesson, io);
      members.push(asked.teacher);
    } else if (kind === 'recorded') members.push(await openRecorded(name, { ...options, ...tolerance }, lesson));
    else {
      const opened =
        kind === 'onnx'
          ? await openOnnx(name, options, lesson, io)
          : await openModel(name, options, lesson, io, teachers.length === 1);
      members.push({ ...opened, ...tolerance });
    }
  }
  const spent = () => {
    const report = asked?.teacher.report();
    return asked === undefined || report === undefined ? undefined : spentOf(report, asked.log);
  };
  const [first, second] = members;
  const badRows = () => told.size;
  if (first !== undefined && second === undefined) return { teacher: first, spent, badRows };
  const remembering = members.map((member) =>
    rememberingTeacher(member, {
      folder: lesson.cacheDir,
      onProgress: (progress) => io.onLabelling(member.name, progress),
      onNotice: io.notice,
      signal: io.interruption(),
    }),
  );
  const { ensembleOf } = options;
  return { teacher: ensembleTeacher(remembering, { ...(ensembleOf && { of: ensembleOf }) }), spent, badRows };
}

/** A single model may be part of each step; the mean of several is one of answers. */
async function openModel(name: string, options: Options, lesson: Lesson, io: CommandIo, isAlone: boolean) {
  const opened = await openAnyModel(name, { find: findOnHub(io), onNotice: io.notice });
  const { method, tokenizer } = lesson;
  const needs = isAlone ? method.needs : (['logits'] as const);
  const pupil = { where: `method '${method.name}'`, needs, tokenizer, isInStep: isAlone && hasViews(method) };
  const reading = { ...commonOptions(options, io), labelNames: lesson.task.labelNames };
  return teacherOfTexts({ ...opened, path: name }, await loadModelTokenizer(opened), pupil, reading);
}

function openOnnx(path: string, options: Options, { task }: Lesson, io: CommandIo): Promise<Teacher> {
  const { teacherTokenizer } = options;
  return onnxTeacher(path, {
    ...commonOptions(options, io),
    labelNames: task.labelNames,
    ...(teacherTokenizer !== undefined && { tokenizer: teacherTokenizer }),
  });
}

function commonOptions({ maxLength, threads, device }: Options, { notice }: CommandIo) {
  return {
    ...(maxLength !== undefined && { maxLength }),
    ...(threads !== undefined && { threads }),
    device,
    onNotice: notice,
  };
}

/** Answers to rows that are not trained on, as with `--rows`, do no harm. */
function openRecorded(
  path: string,
  { teacherUse, onBadRow }: Options & Pick<Teacher, 'onBadRow'>,
  { task }: Lesson,
): Promise<Teacher> {
  expectClasses(path, task);
  const { labelNames } = task;
  return recordedTeacher(path, {
    labelNames,
    unknownRows: 'ignore',
    ...(teacherUse && { use: teacherUse }),
    ...(onBadRow && { onBadRow }),
  });
}

async function openEndpoint(url: string, options: Options, { task, cacheDir }: Lesson, io: CommandIo) {
  expectClasses(url, task);
  const log = join(cacheDir, 'endpoint.jsonl');
  const flags = await endpointFlags(url, options, task.labelNames, io.fromConfig);
  const teacher = endpointTeacher({
    ...flags.options,
    log,
    ...(options.badRows === 'skip' && { maxMalformed: 1 }),
    onSmoke: (report) => {
      io.say(smokeLine(report));
      return true;
    },
    onProgress: ({ done, rows, fromLog, cost, estimatedCost }) =>
      io.onLabelling(teacher.name, {
        done: done - fromLog,
        total: rows - fromLog,
        known: fromLog,
        ...(cost !== undefined && { cost: `cost ${money(cost)} of about ${money(estimatedCost ?? cost)}` }),
      }),
    signal: io.interruption(),
  });
  const { data, transfer, dryRun } = options;
  io.say(departureLine(flags, transfer === undefined ? data : `${data} and ${transfer}`));
  // A dry run asks nobody.
  if (!dryRun) await expectKeyAllowed(flags, options, io);
  return { teacher, log };
}

function expectClasses(name: string, { isRegression }: TrainingTask): void {
  if (!isRegression) return;
  throw new OptionError({
    where: `--teacher ${name}`,
    wanted: 'a task of labels: these answers say no numbers',
    got: 'a regression',
    fix: 'use a model as teacher',
  });
}

function smokeLine({
  done,
  malformed,
  byLogprobs,
  bySamples,
  byLabel,
  outside,
  estimatedCost,
  rows,
}: EndpointReport): string {
  const kind = byLogprobs > 0 ? 'log-probabilities' : bySamples > 0 ? 'drawn labels' : 'one label each';
  return [
    `the first ${formatCount(done)} answers: ${kind}, ${malformed} without a label`,
    ...(byLogprobs > 0 && byLabel > 0 ? [`${byLabel} by their text alone`] : []),
    ...(byLogprobs > 0 ? [`${(100 * outside).toFixed(1)} % said of no label`] : []),
    ...(estimatedCost === undefined ? [] : [`about ${money(estimatedCost)} for all ${formatCount(rows)} rows`]),
  ].join(', ');
}

function spentOf({ inputTokens, outputTokens, cost, malformed, rows }: EndpointReport, log: string) {
  const price = cost === undefined ? '' : `, cost ${money(cost)}`;
  const holes = malformed === 0 ? '' : `; ${formatCount(malformed)} of ${formatCount(rows)} rows without a label`;
  return {
    text: `${log}  (${formatCount(inputTokens)} tokens read, ${formatCount(outputTokens)} written${price}${holes})`,
    json: { log, inputTokens, outputTokens, cost: cost ?? null, malformed },
  };
}

function money(value: number): string {
  return value > 0 && value < 0.01 ? value.toPrecision(2) : value.toFixed(2);
}
