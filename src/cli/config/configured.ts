/** @file What a retort.yaml among the words of a command stands for: the flags that would say the same. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { MissingColumnError } from '../../data/formats/table-rows.js';
import { OptionError } from '../../errors/failures.js';
import { TEACHER_FOLDER, teacherFolders } from '../../experiments/distillation/teacher-settings.js';
import { MODEL_NAMES } from '../../models/hugging-face-cache.js';
import type { ConfigSource, ConfigUse } from '../command.js';
import { askUsage } from '../commands/ask/usage.js';
import { distillUsage } from '../commands/distill/usage.js';
import { doctorUsage } from '../commands/report/usage.js';
import { serveUsage } from '../commands/serve/usage.js';
import { trainUsage } from '../commands/train/usage.js';
import { flagName, type OptionTable, type RawOptions } from '../options.js';
import type { Config, ConfigEntry } from './config-entry.js';
import { readConfig } from './read-config.js';

export type Configured = {
  readonly raw: RawOptions;
  readonly notices: readonly string[];
  /** The file's text. */
  readonly text: string;
  readonly source: ConfigSource;
  /** The same error with the config's line in the place of a flag that the config set. */
  readonly located: (error: unknown) => unknown;
};

/** An entry for the table of the command that reads it. */
type Chosen = Pick<ConfigEntry, 'written' | 'where'> & { readonly option: string };

/** What the config says to one command. */
type Reading = {
  readonly table: OptionTable;
  readonly chosen: readonly Chosen[];
  /** Words in the place of the config's. */
  readonly words: readonly string[];
};

/** Trained on seed 1, as by `retort distill`, which finds it there. */
const TEACHER_SEED = '1';

/**
 * Puts what a config says in its place among the words and flags. A flag on the command line wins over the config;
 * `--teacher` and `--method` over the whole section, since the keys beside the name are of what it names.
 * @param file which of the words it is
 * @throws as `readConfig`; OptionError for a config that lacks what the command needs.
 */
export async function configured(use: ConfigUse, raw: RawOptions, file: string): Promise<Configured> {
  const config = await readConfig(file);
  // How a student is served is nothing to those who train it.
  const entriesOfUse = config.entries.filter(({ section }) => (section === 'serve') === (use === 'serve'));
  const { entries, notices } = withoutReplaced(entriesOfUse, raw);
  const { table, chosen, words } = READINGS[use]({ ...config, entries }, raw);
  const places = new Map<string, string>();
  for (const { option, where } of chosen) {
    const spec = table[option];
    if (spec?.kind === 'operand') places.set(option, where);
    else if (spec !== undefined && !raw.flags.has(option)) places.set(`--${flagName(option, spec)}`, where);
  }
  const flags = chosen.flatMap(({ option, written }) =>
    table[option]?.kind === 'operand' ? [] : [[option, written] as const],
  );
  return {
    raw: {
      operands: raw.operands.flatMap((word) => (word === file ? words : [word])),
      flags: new Map([...flags, ...raw.flags, ...methodOptions(chosen, raw)]),
    },
    notices,
    text: config.text,
    source: { path: file, options: new Set(chosen.flatMap(({ option }) => (raw.flags.has(option) ? [] : option))) },
    located: (error) => located(error, places),
  };
}

const READINGS: Readonly<Record<ConfigUse, (config: Config, raw: RawOptions) => Reading>> = {
  distill: forDistilling,
  train: (config, raw) => (raw.flags.has('student') ? forStudent(config) : forTeacher(config, raw)),
  ask: (config) => ({
    table: askUsage.options,
    chosen: config.entries.filter(({ option }) => Object.hasOwn(askUsage.options, option)),
    words: dataWords(config),
  }),
  serve: ({ entries }) => ({
    table: serveUsage.options,
    chosen: entries.filter(({ section }) => section === 'serve'),
    words: [],
  }),
  compare: (config) => ({ table: {}, chosen: [], words: [outputOf(config)] }),
  doctor: forDoctor,
};

function forDistilling(config: Config, { flags }: RawOptions): Reading {
  const words = dataWords(config);
  if (!flags.has('teacher') && !config.entries.some(({ option }) => option === 'teacher')) {
    const fix = 'write teacher: FOLDER, or give --teacher';
    throw new OptionError({ where: config.path, wanted: 'a teacher', got: 'none', fix });
  }
  return { table: distillUsage.options, chosen: config.entries, words };
}

/** With the settings that `retort distill` would train it with. */
function forTeacher(config: Config, { flags }: RawOptions): Reading {
  const { path, entries } = config;
  const words = dataWords(config);
  const has = (name: string) => entries.some((entry) => entry.section === 'teacher' && entry.name === name);
  if (!has('model') || !(has('epochs') || flags.has('epochs'))) {
    throw new OptionError({
      where: `${path} teacher`,
      wanted: 'a model and epochs, to train it',
      got: has('model') ? 'a model alone' : 'no model',
      fix: 'write teacher: { model: minilm-l6, epochs: 3 }, or train the student alone with --student',
    });
  }
  const where = `${path} output`;
  const folds = entries.find(({ option }) => option === 'teacherFolds');
  if (folds !== undefined) {
    throw new OptionError({
      where: folds.where,
      wanted: 'a teacher of one model, to train it here',
      got: `${folds.written} folds, a model for each`,
      fix: 'run retort distill, which trains them, or leave folds out',
    });
  }
  const fixed: Chosen[] = [
    { option: 'outputDir', written: join(outputOf(config), TEACHER_FOLDER), where },
    { option: 'seed', written: TEACHER_SEED, where },
  ];
  return { table: trainUsage.options, chosen: [...chosenAs('teacher', entries), ...fixed], words };
}

/** Beside the experiment, whose folder has to be empty when it starts. */
function forStudent(config: Config): Reading {
  const output: Chosen = {
    option: 'outputDir',
    written: `${outputOf(config)}-student-alone`,
    where: `${config.path} output`,
  };
  return {
    table: trainUsage.options,
    chosen: [...chosenAs('student', config.entries), output],
    words: dataWords(config),
  };
}

/**
 * The texts with their columns, and the teachers that are there. Of one that is not trained yet the model that it starts
 * from: its tokenizer says how much of the texts is cut.
 */
function forDoctor(config: Config): Reading {
  const { entries } = config;
  const written = (name: string) => entries.find(({ option }) => option === name)?.written;
  const folds = written('teacherFolds');
  const output = entries.find(({ section }) => section === 'output');
  const models = entries.flatMap(({ section, name, written: value }) => {
    if (section !== 'teacher' || (name !== 'model' && name !== 'models')) return [];
    const trained = teacherFolders(String(output?.written ?? ''), folds === undefined ? undefined : Number(folds));
    const isTrained =
      (written('teacherEpochs') !== undefined || written('teacherSolver') === 'convex') &&
      trained.every((path) => existsSync(path));
    return isTrained ? trained : String(value).split(',');
  });
  const chosen = entries.filter(({ option }) => Object.hasOwn(doctorUsage.options, option));
  const there = [...new Set(models)].filter((model) => existsSync(model) || MODEL_NAMES.has(model));
  return { table: doctorUsage.options, chosen, words: [...dataWords(config), ...there] };
}

function chosenAs(role: 'teacher' | 'student', entries: readonly ConfigEntry[]): Chosen[] {
  return entries.flatMap((entry) => {
    const option = entry[role];
    return option === undefined ? [] : [{ ...entry, option }];
  });
}

/** @throws OptionError for a config that does not say what to train on. */
function dataWords({ path, entries }: Config): string[] {
  const data = entries.find(({ option }) => option === 'data');
  if (data !== undefined) return [String(data.written)];
  const wanted = 'a task with the name of a data set, or with train, a file';
  throw new OptionError({ where: path, wanted, got: 'none', fix: 'write task: { train: reviews.csv }' });
}

/** @throws OptionError for a config that names no folder. */
function outputOf({ path, entries }: Config): string {
  const output = entries.find(({ section }) => section === 'output');
  if (output !== undefined) return String(output.written);
  const fix = 'write output: FOLDER, where retort distill finds it too';
  throw new OptionError({ where: path, wanted: 'output, the folder of the results', got: 'none', fix });
}

/** The entries without those of a section whose subject a flag names. */
function withoutReplaced(entries: readonly ConfigEntry[], raw: RawOptions) {
  const notices: string[] = [];
  let kept = entries;
  for (const section of ['teacher', 'method'] as const) {
    const flag = raw.flags.get(section);
    const isSame = entries.some((entry) => entry.option === section && entry.written === flag);
    if (flag === undefined || isSame) continue;
    kept = kept.filter((entry) => entry.section !== section);
    const isMore = entries.some((entry) => entry.section === section && entry.option !== section);
    if (isMore) notices.push(`--${section} replaces the whole section ${section} of the config`);
  }
  return { entries: kept, notices };
}

/** Options of a method are added to the config's, and of two the later one counts. */
function methodOptions(chosen: readonly Chosen[], raw: RawOptions): (readonly [string, string])[] {
  const ours = chosen.find(({ option }) => option === 'methodOptions')?.written;
  const theirs = raw.flags.get('methodOptions');
  return ours === undefined || theirs === undefined ? [] : [['methodOptions', `${ours},${theirs}`]];
}

function located(error: unknown, places: ReadonlyMap<string, string>): unknown {
  if (!(error instanceof OptionError || error instanceof MissingColumnError)) return error;
  const { wanted, got, fix } = error;
  const said = { where: error.where, wanted, got, ...(fix !== undefined && { fix }), cause: error };
  if (error instanceof MissingColumnError) {
    const place = places.get(`--${error.role}_column`);
    if (place === undefined) return error;
    return new MissingColumnError(error.role, { ...said, wanted: `${wanted}, as ${place} says` });
  }
  const where = error.where.replace(/--\w+|^data$/g, (flag) => places.get(flag) ?? flag);
  return where === error.where ? error : new OptionError({ ...said, where });
}
