/**
 * @file What a retort.yaml can say. Each key sets an option of `retort distill`, whose kind, range, default and help it
 * has; keys come from the tables of settings, and reading, JSON Schema, the page of keys and the comments of `retort init`
 * from the keys.
 */
import { TABLE_FILES } from '../../data/formats/table.js';
import { COLUMN_SETTINGS, ROW_SETTINGS, SPLIT_SETTINGS } from '../../data/task-settings.js';
import { TEXT_SETS } from '../../data/text-sets.js';
import { DISTILLATION_SETTINGS, EVIDENCE_SETTINGS } from '../../experiments/distillation/evidence-settings.js';
import { TEACHER_SETTINGS } from '../../experiments/distillation/teacher-settings.js';
import { START_SETTINGS } from '../../models/start-settings.js';
import { defaultText } from '../../options/option-spec.js';
import { COMPUTE_SETTINGS, RUN_SETTINGS } from '../../options/run-settings.js';
import { type AnySettings, takenBy, type YamlKey } from '../../options/setting.js';
import { SERVE_SETTINGS } from '../../server/serve-settings.js';
import { TEXT_SETTINGS } from '../../training/text/text-settings.js';
import { distillUsage } from '../commands/distill/usage.js';
import { serveUsage } from '../commands/serve/usage.js';
import { type FlagSpec, wantedOf } from '../options.js';

export type ConfigKey = Pick<YamlKey, 'place' | 'form' | 'choices' | 'takes' | 'help' | 'defaultSays'> & {
  /** Of `retort distill`, or of `retort serve`. */
  readonly option: string;
  readonly isServed?: true;
  /** The option of `retort train` that it sets when that trains the teacher. */
  readonly teacher?: string;
  /** The same when it trains the student by itself. */
  readonly student?: string;
};

/** The settings that stand in each section, but for those that name another. */
const TABLES = [
  ['task', { ...ROW_SETTINGS, ...SPLIT_SETTINGS, ...COLUMN_SETTINGS }],
  ['teacher', TEACHER_SETTINGS],
  ['student', START_SETTINGS],
  ['training', { ...TEXT_SETTINGS, ...RUN_SETTINGS }],
  ['evidence', EVIDENCE_SETTINGS],
  ['transfer', DISTILLATION_SETTINGS],
  ['machine', COMPUTE_SETTINGS],
  ['serve', SERVE_SETTINGS],
] as const satisfies readonly (readonly [string, AnySettings])[];

export type SectionName = (typeof TABLES)[number][0];

const data = { option: 'data', teacher: 'data', student: 'data' } as const;
/** The word of the command line, in two keys. */
const DATA_KEYS: Readonly<Record<string, ConfigKey>> = {
  name: { ...data, choices: Object.keys(TEXT_SETS), help: 'a data set by name' },
  train: { ...data, place: 'path', help: `instead of name: a ${TABLE_FILES} file of your own` },
};

export const SECTIONS: Readonly<Record<SectionName, Readonly<Record<string, ConfigKey>>>> = sectionsOf();

function sectionsOf() {
  const sections = Object.fromEntries(TABLES.map(([section]): [string, Record<string, ConfigKey>] => [section, {}]));
  Object.assign(sections.task ?? {}, DATA_KEYS);
  for (const [section, table] of TABLES) {
    for (const [option, setting] of Object.entries<AnySettings[string]>(
      takenBy<AnySettings, 'distill'>(table, 'distill'),
    )) {
      const { yaml = {}, ofEveryModel, only } = setting;
      if (yaml === 'flag alone') continue;
      for (const { section: home = section, key = option, ofTeacher, ...said } of [yaml].flat()) {
        const teacher = ofTeacher ?? (ofEveryModel && option);
        if (section === 'serve') {
          Object.assign(sections.serve ?? {}, { [key]: { ...said, option, isServed: true } });
          continue;
        }
        const isOfStudent = only === undefined || only.includes('train');
        const entry = { ...said, option, ...(teacher && { teacher }), ...(isOfStudent && { student: option }) };
        Object.assign(sections[home] ?? {}, { [key]: entry });
      }
    }
  }
  return sections as Record<SectionName, Record<string, ConfigKey>>; // a section for each of the tables
}

/** All that may stand at the left margin, in the order in which `retort init` writes it. */
export const TOP_LEVEL = {
  task: 'the task: a data set by name, or a file of your own',
  teacher: 'the teacher: a name or path alone, a list of several, or keys',
  student: 'the student',
  method: 'distillation method: a name, or a name with options of that method',
  training: "hyperparameters of the student's training",
  transfer: 'transfer set: unlabelled texts for the teacher; a path alone, or keys',
  evidence: 'control arms and number of seeds',
  output: 'folder of the results',
  machine: 'threads and device',
  serve: 'how `retort serve` serves the student',
} as const satisfies Readonly<Record<SectionName | 'method' | 'output', string>>;

/** A key without section. */
export const OUTPUT = {
  option: 'outputDir',
  place: 'path',
  help: TOP_LEVEL.output,
  defaultSays: 'outputs/DATA-METHOD',
} as const satisfies ConfigKey;

/** What may be written in a section's place: `teacher: outputs/teacher`, and a list for several. */
export const SHORT_FORMS: Readonly<Partial<Record<SectionName, { readonly value: string; readonly list?: string }>>> = {
  teacher: { value: 'model', list: 'models' },
  transfer: { value: 'file' },
};

/** Keys of which one says what the section is about; two of them contradict each other. */
export const ONE_OF: Readonly<Partial<Record<SectionName, readonly string[]>>> = {
  task: ['name', 'train'],
  teacher: ['model', 'models', 'recorded', 'url'],
};

/** A key of a section by its names, or undefined. */
export function keyOf(section: SectionName, name: string): ConfigKey | undefined {
  const keys: Readonly<Record<string, ConfigKey>> = SECTIONS[section];
  return Object.hasOwn(keys, name) ? keys[name] : undefined;
}

export function isSection(name: string): name is SectionName {
  return Object.hasOwn(SECTIONS, name);
}

/** The option behind a key. */
export function specOf({ option, isServed }: Pick<ConfigKey, 'option' | 'isServed'>): FlagSpec {
  const options: Readonly<Record<string, FlagSpec>> = (isServed ? serveUsage : distillUsage).options;
  return options[option] as FlagSpec; // keys are made of its settings
}

/** What a key is, for schema and page. */
export function describeKey(key: ConfigKey): { readonly default: string; readonly help: string } {
  const spec = specOf(key);
  const usual = spec.kind === 'operand' || spec.kind === 'fixed' ? undefined : defaultText(spec);
  return { default: key.defaultSays ?? usual ?? '', help: key.help ?? spec.help };
}

/** The values that a key takes, in words. */
export function takenByKey(key: ConfigKey): string {
  const { takes, choices, place, form } = key;
  if (takes !== undefined) return takes;
  if (choices !== undefined) return `one of ${choices.join(', ')}`;
  if (form === 'numbers') return 'a list of numbers';
  const spec = specOf(key);
  if (place !== undefined) return form === 'list' ? 'a list of names or paths' : PLACES[place];
  if (form === 'column') return 'a name, or a number without a header';
  return spec.kind === 'switch' || spec.kind === 'yes-no' ? 'true or false' : wantedOf(spec);
}

const PLACES = { path: 'a path', name: 'a name or a path', prompt: 'a text, or @ and a path' } as const;
