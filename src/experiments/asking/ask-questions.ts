/** @file Labelling by several questions at once: one request a text, and a file of recorded outputs for each question. */
import { extname } from 'node:path';
import { OptionError } from '../../errors/failures.js';
import { shortened } from '../../errors/shortened.js';
import { textIn } from '../../files/path-entry.js';
import { defined, settingsOf } from '../../options/given.js';
import { isJsonObject, parsedJson } from '../../options/json.js';
import { questionOf } from '../../options/question.js';
import type { EndpointReport } from '../../outside/asking/outside-options.js';
import { outsideTeacher } from '../../outside/asking/outside-teacher.js';
import type { DecisionQuestion } from '../../outside/decisions/decision.js';
import { questionAdapters } from '../../outside/decisions/decision-endpoint.js';
import { DEFAULT_FORMAT } from '../distillation/endpoint-formats.js';
import { namedEndpoint } from '../distillation/named-endpoint.js';
import { namedTeachers } from '../distillation/named-teachers.js';
import { ASK_SETTINGS, type AskSettings } from './ask-settings.js';
import {
  type Asked,
  type AskOptions,
  type AskPlan,
  asking,
  beginAsking,
  filesOf,
  planOf,
  writeAnswers,
  writeSummary,
} from './ask-texts.js';
import { distinctTexts, openAsked } from './asked-texts.js';

/** What was asked, by the names of the questions. */
export type AskedQuestions = Readonly<Record<string, Asked>>;

/**
 * As `ask`, of several questions (`questions`) about the same texts: a decision model gets all of them in one request a text,
 * and what it says of question NAME goes into `FILE.NAME.jsonl` for an output file `FILE.jsonl`.
 * @throws as `ask`; OptionError for a model that takes no such requests, and settings of one question alone.
 */
export async function askQuestions(options: AskOptions): Promise<AskedQuestions> {
  const { settings, table, rows, questions, adapters, endpoint, log } = await prepared(options);
  const { onProgress, onSmoke, signal } = options;
  const outputFiles = adapters.map(({ path }) => path);
  const answeredBy = await beginAsking(options, { settings, endpoint, log, outputFiles });
  const all: [string, Asked][] = [];
  for (const { name, labelNames, adapter, path } of adapters) {
    // The first asks for all of them; the others find the replies in the log.
    const teacher = outsideTeacher(adapter, {
      ...asking(endpoint.options, settings, log),
      ...defined({ answeredBy, signal }),
      labelNames,
      onProgress: (report) => onProgress?.(name, report),
      onSmoke: (report: EndpointReport) => {
        onSmoke?.(report);
        return true;
      },
    });
    const question = questionOf({ ...questions[name], labelNames, isPair: table.pairs !== undefined });
    const written = await writeAnswers(teacher, table, { labelNames, question, outputFile: path });
    const asked: Asked = {
      ...{ texts: table.size, rows, labels: labelNames, ...written, outputFile: path, log },
      report: teacher.report() as EndpointReport, // it has just been asked
      terms: endpoint.terms,
    };
    await writeSummary(asked, teacher, options.command);
    all.push([name, asked]);
  }
  return Object.fromEntries(all);
}

/** What would be sent about the first row, and what all of them take. Nobody is asked. @throws as `askQuestions`. */
export async function planQuestions(options: AskOptions): Promise<AskPlan> {
  const { settings, table, adapters, endpoint, log } = await prepared(options);
  const [first] = adapters;
  const { adapter, labelNames } = first as (typeof adapters)[number]; // there are two at least
  const labels = adapters.flatMap((one) => one.labelNames);
  return planOf(adapter, { ...asking(endpoint.options, settings, log), labelNames }, table, labels);
}

/** Settings that are of one question. */
const OF_ONE: readonly (keyof AskSettings)[] = [
  ...(['queue', 'labels', 'labelColumn', 'labelNames', 'check', 'teacherCriteria', 'teacherInstructions'] as const),
  ...(['teacherRotations', 'teacherExamples'] as const),
];

async function prepared(options: AskOptions) {
  const settings = { ...settingsOf(ASK_SETTINGS, options), teacher: options.teacher };
  const { data, onNotice = () => {} } = options;
  const [named] = namedTeachers({ ...settings, teacher: options.teacher });
  const { teacherFormat: format = DEFAULT_FORMAT } = settings;
  if (named?.kind !== 'endpoint' || format === 'chat') {
    throw new OptionError({
      where: 'questions',
      wanted: 'a decision model at a URL as teacher, teacherFormat systemone or openai-decisions',
      got: named?.kind === 'endpoint' ? `teacherFormat ${format}` : `'${settings.teacher}'`,
      fix: 'ask a chat model one question at a time',
    });
  }
  const odd = OF_ONE.find((setting) => settings[setting] !== undefined);
  if (odd !== undefined) {
    throw new OptionError({ where: odd, wanted: 'one question', got: 'several (questions)', fix: 'leave it out' });
  }
  const { questions, file } = await namedQuestions(settings.questions ?? '');
  const read = await openAsked(data, settings, onNotice);
  const endpoint = await namedEndpoint(settings.teacher, settings, []);
  const { departure } = endpoint;
  const files =
    file === undefined ? departure.files : [...departure.files, { option: 'questions', path: file } as const];
  const { outputFile, log } = filesOf(data, settings);
  const { labelNames: _, criteria: __, instructions: ___, ...shared } = endpoint.options;
  const adapters = questionAdapters({ ...asking(shared, settings, log), format, questions }).map((one) => ({
    ...one,
    path: besideName(outputFile, one.name),
  }));
  const table = distinctTexts(read);
  return {
    settings,
    table,
    rows: read.size,
    questions,
    adapters,
    endpoint: { ...endpoint, departure: { ...departure, files } },
    log,
  };
}

/** `labels.jsonl` -> `labels.team.jsonl` */
function besideName(outputFile: string, name: string): string {
  const end = extname(outputFile);
  return `${outputFile.slice(0, outputFile.length - end.length)}.${name}${end}`;
}

/** Part of a file's name. */
const NAME = /^[\w-]{1,60}$/u;

async function namedQuestions(given: string) {
  const file = given.startsWith('@') ? given.slice(1) : undefined;
  const text = file === undefined ? given : await textIn(file);
  const json = parsedJson(text);
  const wanted =
    'two or more questions by name (letters, digits, _ and -), each with the criteria of two labels or more, and perhaps instructions: ' +
    '{"team": {"criteria": {"billing": null, "tech": null}}, "mood": …}';
  const refused = (got: string) => new OptionError({ where: 'questions', wanted, got });
  if (!isJsonObject(json)) throw refused(shortened(text));
  const questions = Object.entries(json).map(([name, value]): [string, DecisionQuestion] => {
    const { instructions, criteria, ...more }: Readonly<Record<string, unknown>> = isJsonObject(value) ? value : {};
    const isSaid = instructions === undefined || typeof instructions === 'string';
    const isDescription = (said: unknown) => said === null || typeof said === 'string';
    const isWhole =
      isJsonObject(criteria) && Object.keys(criteria).length > 1 && Object.values(criteria).every(isDescription);
    if (!NAME.test(name) || !isSaid || !isWhole || Object.keys(more).length > 0)
      throw refused(shortened(JSON.stringify({ [name]: value })));
    // Every description was looked at.
    const described = criteria as Readonly<Record<string, string | null>>;
    return [name, { labelNames: Object.keys(described), criteria: described, ...(isSaid && { instructions }) }];
  });
  if (questions.length < 2) throw refused(`${questions.length}`);
  return { questions: Object.fromEntries(questions), file };
}
