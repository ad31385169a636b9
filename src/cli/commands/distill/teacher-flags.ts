/** @file Which kind of teacher `--teacher` names, and the flags that each kind has. */
import { existsSync, statSync } from 'node:fs';
import { extname } from 'node:path';
import { OptionError } from '../../../errors/failures.js';
import type { TEACHER_SETTINGS } from '../../../experiments/distillation/teacher-settings.js';
import { flagName, type OptionValues } from '../../options.js';
import type { distillUsage } from './usage.js';

type Flags = Pick<OptionValues<typeof distillUsage.options>, keyof typeof TEACHER_SETTINGS | 'allowKeyEnv'>;

export type TeacherKind = 'model' | 'onnx' | 'recorded' | 'endpoint';
export type NamedTeacher = { readonly name: string; readonly kind: TeacherKind };

const KINDS: Readonly<Record<string, TeacherKind>> = {
  '.onnx': 'onnx',
  '.jsonl': 'recorded',
  '.ndjson': 'recorded',
  '.parquet': 'recorded',
};

/** What a flag is for, in words; and whether these teachers are that. */
type Use = { readonly wanted: string; readonly fits: (teachers: readonly NamedTeacher[], flags: Flags) => boolean };

const has =
  (...kinds: readonly TeacherKind[]) =>
  (teachers: readonly NamedTeacher[]): boolean =>
    teachers.some(({ kind }) => kinds.includes(kind));
const ONNX: Use = { wanted: 'an .onnx file as --teacher', fits: has('onnx') };
const RECORDED: Use = { wanted: 'recorded answers (.jsonl, .parquet) as --teacher', fits: has('recorded') };
const ENDPOINT: Use = { wanted: 'the URL of a language model as --teacher', fits: has('endpoint') };
const TRAINED: Use = {
  wanted: '--teacher_epochs',
  fits: (_teachers, { teacherEpochs }) => teacherEpochs !== undefined,
};

const USES: Readonly<Partial<Record<keyof Flags, Use>>> = {
  ensembleOf: { wanted: 'several teachers, parted by commas', fits: ({ length }) => length > 1 },
  teacherEpochs: {
    wanted: 'one teacher that can be trained: a model, a folder or a run',
    fits: ([first, second]) => first?.kind === 'model' && second === undefined,
  },
  teacherLearningRate: TRAINED,
  teacherBatchSize: TRAINED,
  teacherTokenizer: ONNX,
  teacherUse: RECORDED,
  teacherModel: ENDPOINT,
  teacherPrompt: ENDPOINT,
  teacherWords: ENDPOINT,
  teacherSamples: ENDPOINT,
  prices: ENDPOINT,
  maxCost: ENDPOINT,
  apiKeyEnv: ENDPOINT,
  allowKeyEnv: ENDPOINT,
  insecureHttp: ENDPOINT,
  cacheDir: { wanted: 'a teacher that has to be asked', fits: has('model', 'onnx', 'endpoint') },
};

/**
 * The teachers that `--teacher` names.
 * @throws OptionError for a file of no kind that teaches, more than one endpoint, flags that do nothing for these
 *   teachers, and those that an endpoint lacks.
 */
export function namedTeachers(flags: Flags): readonly NamedTeacher[] {
  const { teacher } = flags;
  const names = existsSync(teacher) ? [teacher] : teacher.split(',').map((name) => name.trim());
  const teachers = names.map((name) => ({ name, kind: kindOf(name) }));
  for (const [key, use] of Object.entries(USES)) {
    const value = flags[key as keyof Flags];
    if (value === undefined || value === false || use.fits(teachers, flags)) continue;
    throw new OptionError({
      where: flagOf(key as keyof Flags),
      wanted: use.wanted,
      got: `--teacher ${teacher}`,
      fix: 'leave the flag out',
    });
  }
  const endpoints = teachers.filter(({ kind }) => kind === 'endpoint').length;
  if (endpoints > 1) {
    throw new OptionError({ where: '--teacher', wanted: 'at most one URL', got: `${endpoints} in '${teacher}'` });
  }
  if (endpoints === 1) expectWhole(flags);
  return teachers;
}

function expectWhole({ teacherModel, prices, maxCost }: Flags): void {
  if (teacherModel === undefined) {
    throw new OptionError({
      where: '--teacher_model',
      wanted: 'what the endpoint calls the model',
      got: 'nothing',
      fix: 'name one, such as --teacher_model gpt-4o-mini',
    });
  }
  if (maxCost === undefined || prices !== undefined) return;
  throw new OptionError({
    where: '--max_cost',
    wanted: 'prices to reckon with',
    got: 'none',
    fix: 'give --prices IN,OUT of a million tokens',
  });
}

function kindOf(name: string): TeacherKind {
  if (/^https?:\/\//iu.test(name)) return 'endpoint';
  const ending = extname(name).toLowerCase();
  const kind = KINDS[ending];
  if (kind !== undefined && !isFolder(name)) return kind;
  if (name !== '' && (isFolder(name) || !existsSync(name))) return 'model';
  throw new OptionError({
    where: '--teacher',
    wanted: `a folder or a name of a model, a URL, or a file that ends with ${Object.keys(KINDS).join(', ')}`,
    got: name === '' ? 'an empty name' : `the file ${name}`,
    ...(['.safetensors', '.bin', '.json'].includes(ending) && { fix: 'name the folder that it lies in' }),
  });
}

function isFolder(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() === true;
}

function flagOf(key: keyof Flags): string {
  return `--${flagName(key)}`;
}
