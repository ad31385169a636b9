/** @file Which kind of teacher a name is of, and the settings that each kind has. */
import { existsSync, statSync } from 'node:fs';
import { extensionOf, RECORDED_EXTENSIONS, RECORDED_FILES } from '../../data/formats/table.js';
import { OptionError } from '../../errors/failures.js';
import type { Given } from '../../options/given.js';
import { DEFAULT_FORMAT, ENDPOINT_FORMATS, FORMATS_WITH_PROMPT } from './endpoint-formats.js';
import { isTrainedFirst, type TeacherSettings } from './teacher-settings.js';

type Settings = Given<TeacherSettings> & { readonly teacher: string };

export type TeacherKind = 'model' | 'onnx' | 'recorded' | 'endpoint';
export type NamedTeacher = { readonly name: string; readonly kind: TeacherKind };

const KINDS: Readonly<Record<string, TeacherKind>> = {
  '.onnx': 'onnx',
  ...Object.fromEntries(RECORDED_EXTENSIONS.map((extension) => [extension, 'recorded'] as const)),
};

/** What a setting is for, in words; and whether these teachers are that. */
type Use = {
  readonly wanted: string;
  readonly fits: (teachers: readonly NamedTeacher[], settings: Settings) => boolean;
  /** Default: leave it out. */
  readonly fix?: string;
};

const has =
  (...kinds: readonly TeacherKind[]) =>
  (teachers: readonly NamedTeacher[]): boolean =>
    teachers.some(({ kind }) => kinds.includes(kind));
const ONNX: Use = { wanted: 'an .onnx file as teacher', fits: has('onnx') };
const RECORDED: Use = { wanted: `recorded outputs (${RECORDED_FILES}) as teacher`, fits: has('recorded') };
const ENDPOINT: Use = { wanted: 'the URL of a language or decision model as teacher', fits: has('endpoint') };
const PROMPT: Use = {
  wanted: `a URL as teacher, with teacherFormat ${FORMATS_WITH_PROMPT.join(' or ')}`,
  fits: (teachers, { teacherFormat = DEFAULT_FORMAT }) =>
    ENDPOINT.fits(teachers, { teacher: '' }) && ENDPOINT_FORMATS[teacherFormat].hasPrompt,
};
const TERMS: Use = { wanted: 'teacherTerms', fits: (_teachers, { teacherTerms }) => teacherTerms !== undefined };
const STEPPED: Use = { wanted: 'teacherEpochs', fits: (_teachers, { teacherEpochs }) => teacherEpochs !== undefined };
const TRAINABLE: Use = {
  wanted: 'one teacher that can be trained: a model, a folder or a run',
  fits: ([first, second]) => first?.kind === 'model' && second === undefined,
};

const USES: Readonly<Partial<Record<keyof Settings, Use>>> = {
  ensembleOf: {
    wanted: 'several teachers, separated by commas, or teacherFolds',
    fits: ({ length }, { teacherFolds }) => length > 1 || teacherFolds !== undefined,
  },
  teacherEpochs: TRAINABLE,
  teacherSolver: {
    wanted: `${TRAINABLE.wanted}, and convex or teacherEpochs`,
    fits: (teachers, settings) => TRAINABLE.fits(teachers, settings) && isTrainedFirst(settings),
  },
  teacherLearningRate: STEPPED,
  teacherBatchSize: STEPPED,
  teacherLayerDecay: STEPPED,
  teacherFolds: {
    wanted:
      'teacherEpochs, a teacher that is trained here: one that is trained already may have seen the rows of each fold',
    fits: (_teachers, settings) => isTrainedFirst(settings),
    fix: 'name the model to train, such as minilm-l6, and give teacherEpochs, or leave teacherFolds out',
  },
  teacherTokenizer: ONNX,
  teacherUse: RECORDED,
  teacherFormat: ENDPOINT,
  teacherPath: ENDPOINT,
  teacherModel: ENDPOINT,
  teacherConcurrency: ENDPOINT,
  teacherPrompt: PROMPT,
  teacherWords: PROMPT,
  teacherSamples: PROMPT,
  teacherAnswers: PROMPT,
  teacherStructured: PROMPT,
  teacherExamples: PROMPT,
  teacherRotations: ENDPOINT,
  teacherInstructions: ENDPOINT,
  teacherCriteria: ENDPOINT,
  teacherTerms: { wanted: 'a URL or recorded outputs as teacher', fits: has('endpoint', 'recorded') },
  termsSource: TERMS,
  termsDate: TERMS,
  prices: ENDPOINT,
  maxCost: ENDPOINT,
  apiKeyEnv: ENDPOINT,
  insecureHttp: ENDPOINT,
  cacheDir: { wanted: 'a teacher whose outputs are cached', fits: has('model', 'onnx', 'endpoint') },
};

/**
 * The teachers that are named, separated by commas.
 * @throws OptionError for a file of no kind that teaches, more than one endpoint, settings that do nothing for these
 *   teachers, and those that an endpoint lacks.
 */
export function namedTeachers(settings: Settings): readonly NamedTeacher[] {
  const { teacher } = settings;
  const names = existsSync(teacher) ? [teacher] : teacher.split(',').map((name) => name.trim());
  const teachers = names.map((name) => ({ name, kind: kindOf(name) }));
  for (const [where, use] of Object.entries(USES)) {
    const value = settings[where as keyof Settings];
    if (value === undefined || value === false || use.fits(teachers, settings)) continue;
    throw new OptionError({ where, wanted: use.wanted, got: `teacher ${teacher}`, fix: use.fix ?? 'leave it out' });
  }
  const endpoints = teachers.filter(({ kind }) => kind === 'endpoint').length;
  if (endpoints > 1) {
    throw new OptionError({ where: 'teacher', wanted: 'at most one URL', got: `${endpoints} in '${teacher}'` });
  }
  if (endpoints === 1) expectWhole(settings);
  return teachers;
}

function expectWhole({ teacherModel, prices, maxCost }: Settings): void {
  if (teacherModel === undefined) {
    throw new OptionError({
      where: 'teacherModel',
      wanted: 'the name of the model at the endpoint',
      got: 'nothing',
      fix: 'name one, such as gpt-4o-mini',
    });
  }
  if (maxCost === undefined || prices !== undefined) return;
  throw new OptionError({
    where: 'maxCost',
    wanted: 'prices, to compute the cost',
    got: 'none',
    fix: 'give prices IN,OUT of a million tokens',
  });
}

function kindOf(name: string): TeacherKind {
  if (/^https?:\/\//iu.test(name)) return 'endpoint';
  const ending = extensionOf(name);
  const kind = KINDS[ending];
  if (kind !== undefined && !isFolder(name)) return kind;
  if (name !== '' && (isFolder(name) || !existsSync(name))) return 'model';
  throw new OptionError({
    where: 'teacher',
    wanted: `a folder or a name of a model, a URL, or a file that ends with ${Object.keys(KINDS).join(', ')}`,
    got: name === '' ? 'an empty name' : `the file ${name}`,
    ...(['.safetensors', '.bin', '.json'].includes(ending) && { fix: 'name its folder' }),
  });
}

function isFolder(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() === true;
}
