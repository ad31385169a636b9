/** @file Labelling as a command of its own: texts in, a file of recorded teacher outputs out. */
import { rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { dataName } from '../../data/open-task.js';
import type { TextTable } from '../../data/text-table.js';
import { OptionError, OutputError } from '../../errors/failures.js';
import { statIfThere, writeFileAtomic } from '../../files/atomic-write.js';
import { makeFolder } from '../../files/make-folder.js';
import { packageVersion } from '../../files/package-version.js';
import { defined, type Given, settingsOf } from '../../options/given.js';
import type { Question } from '../../options/question.js';
import { rotated } from '../../outside/asking/asked-orders.js';
import type { AskedTogether } from '../../outside/asking/asked-together.js';
import { OwnPace, type Pace } from '../../outside/asking/asking-turns.js';
import type { OutsideAdapter } from '../../outside/asking/outside.js';
import type { EndpointReport, OutsideOptions } from '../../outside/asking/outside-options.js';
import { type EndpointTeacher, outsideTeacher, renamedModel } from '../../outside/asking/outside-teacher.js';
import { openConnection, type QueueConnection } from '../../queue/connection.js';
import type { LabellingPlan } from '../../teachers/teacher.js';
import { type TeacherTerms, termsText } from '../../teachers/terms.js';
import { NO_LABEL } from '../../tensor/no-label.js';
import { FORMAT_ADAPTERS } from '../distillation/endpoint-adapters.js';
import { DEFAULT_FORMAT } from '../distillation/endpoint-formats.js';
import { drawnExamples } from '../distillation/few-shot.js';
import { type Departure, namedCriteria, namedEndpoint } from '../distillation/named-endpoint.js';
import { namedTeachers } from '../distillation/named-teachers.js';
import { askedQuestion } from '../distillation/open-teachers.js';
import { AnswerFile, recordOf } from './answer-file.js';
import { askDocument } from './ask-document.js';
import { ASK_SETTINGS, type AskSettings } from './ask-settings.js';
import { summaryOf } from './asked-summary.js';
import { distinctTexts, openAsked } from './asked-texts.js';
import { goldLabels, type Known, KnownLabels } from './known-labels.js';
import { predicted } from './self-agreement.js';
import { forgetShared, SharedAsk } from './shared-ask.js';
import { ChangingPace } from './shared-pace.js';
import { checkTeacher, probabilitiesOf, type TeacherCheck } from './teacher-check.js';

export type AskOptions = Given<AskSettings> & {
  /** A data set by name, whose training rows are used, or a file. */
  readonly data: string;
  readonly teacher: string;
  /** What is recorded of the call. */
  readonly command?: string;
  readonly onNotice?: (text: string) => void;
  /** Told before anything is sent, and may refuse by throwing. */
  readonly onDeparture?: (departure: Departure) => void | Promise<void>;
  /** Told whether one may train on the outputs, as far as that is known. */
  readonly onTerms?: (text: string) => void;
  /** How far it is with what: all rows, or a check. */
  readonly onProgress?: (what: string, report: EndpointReport) => void;
  /** Told once the first rows have their answers. */
  readonly onSmoke?: (report: EndpointReport) => void;
  readonly onCheck?: (check: TeacherCheck) => void;
  /** Told of who takes part, with `queue`. */
  readonly onShared?: (text: string) => void;
  readonly signal?: AbortSignal | undefined;
};

export type Asked = {
  /** Of distinct texts, and of the data. */
  readonly texts: number;
  readonly rows: number;
  readonly labels: readonly string[];
  /** How many texts each label is the most likely one of. */
  readonly predicted: readonly number[];
  readonly refused: number;
  readonly malformed: number;
  readonly outputFile: string;
  readonly log: string;
  readonly report: EndpointReport;
  readonly terms: TeacherTerms;
  readonly check?: TeacherCheck;
  /** Over texts whose label is known, but for those that the model was shown as examples. */
  readonly known?: Known;
};

/** What would be asked. */
export type AskPlan = { readonly prompt: string; readonly plan: LabellingPlan; readonly labels: readonly string[] };

/**
 * Asks an outside teacher about each distinct text of the data, and writes what it says into a file that
 * `recordedTeacher` reads. Replies are kept beside it in `FILE.replies` as they come: what is there is not asked again.
 * @throws OptionError for settings that do not fit, before anything is sent; OutputError for a file that is there; as
 *   `outsideTeacher` when it asks.
 */
export async function ask(options: AskOptions): Promise<Asked> {
  const connection = await openShared(options);
  try {
    return await askWith(options, connection);
  } finally {
    await connection?.close();
  }
}

/** Before anything is sent or deleted. @throws OptionError for settings that cannot be shared. */
async function openShared({ queue, check, onNotice, signal }: AskOptions): Promise<QueueConnection | undefined> {
  if (queue === undefined) return undefined;
  if (check !== undefined) {
    const fix = 'check in a run without --queue before: its replies are kept for this one';
    throw new OptionError({ where: 'check', wanted: 'a run of one process', got: 'queue beside it', fix });
  }
  return openConnection(queue, defined({ onNotice, signal }));
}

async function askWith(options: AskOptions, connection: QueueConnection | undefined): Promise<Asked> {
  const pace = connection && new ChangingPace(new OwnPace(options.requestsPerMinute));
  const { settings, table, rows, labelNames, endpoint, shown, make, outputFile, log } = await prepared(options, pace);
  const { onNotice = () => {}, onProgress, onSmoke, onCheck, onShared = () => {}, signal } = options;
  if (connection !== undefined && settings.overwrite) await forgetShared(connection, log);
  const answeredBy = await beginAsking(options, { settings, endpoint, log, outputFiles: [outputFile] });
  const teacherFor = (
    adapter: OutsideAdapter,
    { what, isFirst }: { readonly what: string; readonly isFirst: boolean },
    together?: AskedTogether,
  ): EndpointTeacher => {
    const how = {
      ...asking(endpoint.options, settings, log),
      ...defined({ answeredBy, signal }),
      onProgress: (report: EndpointReport) => onProgress?.(what, report),
      ...(isFirst && {
        onSmoke: (report: EndpointReport) => {
          onSmoke?.(report);
          return true;
        },
      }),
    };
    return outsideTeacher(adapter, how, together);
  };
  let check: TeacherCheck | undefined;
  if (settings.check !== undefined) {
    check = await checkTeacher({
      ...{ table, rows: settings.check, seed: settings.dataSeed, labelNames, make },
      ask: (adapter, sample, how, each) =>
        teacherFor(adapter, { what: how, isFirst: how === 'check' }).ask(
          { name: sample.name, size: sample.size, text: { table: sample } },
          each,
        ),
    });
    onCheck?.(check);
  }
  const adapter = make(labelNames);
  const { maxCost, concurrency } = endpoint.options;
  const together =
    connection &&
    pace &&
    new SharedAsk({
      ...{ connection, log, adapter, pace, signal, onNotice, maxCost, concurrency, say: onShared },
      document: askDocument(
        adapter,
        { ...endpoint.options, ...(shown && { examples: shown.examples }) },
        settings.teacherFormat ?? DEFAULT_FORMAT,
      ),
      requestsPerMinute: settings.requestsPerMinute,
    });
  const teacher = teacherFor(adapter, { what: 'texts', isFirst: check === undefined }, together);
  const gold = goldLabels(table, labelNames, onNotice);
  const isCompared = (row: number) => !shown?.isShown(table, row);
  const question = askedQuestion(endpoint.options, table.pairs !== undefined);
  const written = await writeAnswers(teacher, table, { labelNames, question, outputFile, gold, isCompared });
  const asked: Asked = {
    ...{ texts: table.size, rows, labels: labelNames, ...written, outputFile, log },
    report: teacher.report() as EndpointReport, // it has just been asked
    terms: endpoint.terms,
    ...defined({ check }),
  };
  await writeSummary(asked, teacher, options.command);
  return asked;
}

/**
 * What comes before the first request: room for what is written, and whoever is told of texts that leave this machine.
 * @returns the model as the log's replies name it
 * @throws OutputError for a file that is there.
 */
export async function beginAsking(
  { onDeparture, onTerms, data, teacher }: AskOptions,
  to: {
    readonly settings: Settings;
    readonly endpoint: {
      readonly departure: Omit<Departure, 'data' | 'isAsked'>;
      readonly terms: TeacherTerms;
      readonly options: Pick<OutsideOptions, 'model'>;
    };
    readonly log: string;
    readonly outputFiles: readonly string[];
  },
): Promise<string | undefined> {
  const { settings, endpoint, log, outputFiles } = to;
  for (const path of outputFiles) await expectRoomFor(path, settings);
  await onDeparture?.({ ...endpoint.departure, data, isAsked: true });
  onTerms?.(termsText(teacher, endpoint.terms));
  await makeFolder(dirname(log));
  if (settings.overwrite) {
    for (const path of [...outputFiles.flatMap((file) => [file, summaryOf(file)]), log])
      await rm(path, { force: true });
  }
  return renamedModel(log, endpoint.options.model);
}

/** Asks about all texts and writes what the teacher says of each. */
export async function writeAnswers(
  teacher: EndpointTeacher,
  table: TextTable,
  to: {
    readonly labelNames: readonly string[];
    /** What was asked, for who reads the file. */
    readonly question: Question;
    readonly outputFile: string;
    /** Known labels, by row, and rows that are compared with them. */
    readonly gold?: Int32Array | undefined;
    readonly isCompared?: (row: number) => boolean;
  },
): Promise<Pick<Asked, 'predicted' | 'refused' | 'malformed' | 'known'>> {
  const { labelNames, question, outputFile, gold, isCompared = () => true } = to;
  const written = new AnswerFile(outputFile);
  const counts = { refused: 0, malformed: 0 };
  const byLabel = labelNames.map(() => 0);
  const known = new KnownLabels(labelNames.length);
  try {
    await teacher.ask({ name: table.name, size: table.size, text: { table } }, (row, answer) => {
      const texts = { text: table.texts[row] as string, pair: table.pairs?.[row] };
      written.add(recordOf(texts, answer, labelNames, row === 0 ? question : undefined));
      const probabilities = probabilitiesOf(answer);
      if (probabilities === undefined) {
        counts[answer.kind === 'refused' ? 'refused' : 'malformed'] += 1;
        return;
      }
      const best = predicted(probabilities);
      byLabel[best] = (byLabel[best] as number) + 1;
      const label = gold?.[row] ?? NO_LABEL;
      if (label !== NO_LABEL && isCompared(row)) known.add(answer.target.logits, label, best);
    });
    await written.finish();
  } catch (error) {
    written.discard();
    throw error;
  }
  return { predicted: byLabel, ...counts, ...defined({ known: known.result() }) };
}

/** What would be sent about the first row, and what all of them take. Nobody is asked. @throws as `ask`. */
export async function planAsking(options: AskOptions): Promise<AskPlan> {
  const { settings, table, labelNames, endpoint, make, log } = await prepared(options);
  return planOf(make(labelNames), asking(endpoint.options, settings, log), table, labelNames);
}

/** @param labels of all questions */
export async function planOf(
  adapter: OutsideAdapter,
  options: OutsideOptions,
  table: TextTable,
  labels: readonly string[],
): Promise<AskPlan> {
  const question = adapter.question(table.texts[0] as string, table.pairs?.[0]);
  const plan = await outsideTeacher(adapter, options).plan({ name: table.name, size: table.size, text: { table } });
  return { prompt: adapter.prompt?.(question) ?? '', plan, labels };
}

/** @param pace of requests, where it is not that of this process alone. */
async function prepared(options: AskOptions, pace?: Pace) {
  const settings = { ...settingsOf(ASK_SETTINGS, options), teacher: options.teacher };
  const { data, onNotice = () => {} } = options;
  const named = namedTeachers({ ...settings, teacher: options.teacher });
  if (named.length > 1 || named[0]?.kind !== 'endpoint') {
    throw new OptionError({
      where: 'teacher',
      wanted: 'the URL of a language or decision model',
      got: `'${settings.teacher}'`,
      fix: 'other teachers are asked by retort distill itself',
    });
  }
  const read = await openAsked(data, settings, onNotice);
  const table = distinctTexts(read);
  const labelNames = await labelsOf(settings, read);
  const endpoint = await namedEndpoint(settings.teacher, settings, labelNames);
  const { outputFile, log } = filesOf(data, settings);
  const { teacherExamples: count, dataSeed: seed } = settings;
  const shown = count === undefined ? undefined : drawnExamples(read, labelNames, { count, seed, scored: [] });
  const asked = {
    ...asking(endpoint.options, settings, log),
    ...(shown && { examples: shown.examples }),
    ...(pace && { pace }),
  };
  const one = FORMAT_ADAPTERS[settings.teacherFormat ?? DEFAULT_FORMAT](asked);
  const make = (names: readonly string[]) => rotated(one, names, asked.rotations);
  return { settings, table, rows: read.size, labelNames, endpoint, shown, make, outputFile, log };
}

type Settings = ReturnType<typeof settingsOf<typeof ASK_SETTINGS>>;

/** Where answers go, and every reply as it came. */
export function filesOf(data: string, settings: Pick<Settings, 'outputFile'>) {
  const outputFile = settings.outputFile ?? join('outputs', `${dataName(data)}-teacher.jsonl`);
  return { outputFile, log: `${outputFile}.replies` };
}

export function asking<O>(
  options: O,
  { requestsPerMinute, badRows }: Settings,
  log: string,
): O & Pick<OutsideOptions, 'log'> {
  return { ...options, log, ...defined({ requestsPerMinute }), ...(badRows === 'skip' && { maxMalformed: 1 }) };
}

async function labelsOf(settings: Settings, { labelNames }: TextTable): Promise<readonly string[]> {
  const criteria = await namedCriteria(settings);
  const named =
    settings.labels?.split(',').map((label) => label.trim()) ?? (criteria && Object.keys(criteria)) ?? labelNames;
  const wanted = 'two or more different labels';
  const fix = 'give --labels negative,positive, or the column of labels (labelColumn)';
  if (named.length < 2 || named.includes('') || new Set(named).size < named.length) {
    throw new OptionError({ where: 'labels', wanted, got: named.length === 0 ? 'none' : `'${named.join(',')}'`, fix });
  }
  return named;
}

async function expectRoomFor(path: string, { resume, overwrite }: Settings): Promise<void> {
  if (resume || overwrite || (await statIfThere(path)) === undefined) return;
  throw new OutputError({
    where: path,
    wanted: 'a new file',
    got: 'one that is there',
    fix: 'resume to write it again of the kept replies and new ones, overwrite to ask for all of them, or name another file',
  });
}

export async function writeSummary(
  { report, ...asked }: Asked,
  { name, contentHash }: EndpointTeacher,
  command: string | undefined,
): Promise<void> {
  const summary = {
    ...{ format: 'retort-asked', version: 1, retort: packageVersion() },
    ...defined({ command }),
    teacher: { name, contentHash, ...defined({ answeredBy: report.answeredBy }) },
    ...asked,
    report,
  };
  await writeFileAtomic(summaryOf(asked.outputFile), `${JSON.stringify(summary, null, 2)}\n`);
}
