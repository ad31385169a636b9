/** @file What is asked of a teacher, of whom, and where its outputs go: settings of labelling as a command of its own. */
import { COLUMN_SETTINGS, UNLABELLED_SETTINGS, type UnlabelledSettings } from '../../data/task-settings.js';
import { OUTPUT_SETTINGS } from '../../options/run-settings.js';
import type { SettingTable } from '../../options/setting.js';
import { TEACHER_SETTINGS, type TeacherSettings } from '../distillation/teacher-settings.js';

export type AskSettings = UnlabelledSettings &
  Omit<
    TeacherSettings,
    | 'ensembleOf'
    | 'teacherEpochs'
    | 'teacherSolver'
    | 'teacherLearningRate'
    | 'teacherBatchSize'
    | 'teacherLayerDecay'
    | 'teacherFolds'
    | 'teacherTokenizer'
    | 'teacherUse'
    | 'cacheDir'
  > & {
    /** Of labels that are known, to compare with. Default: those of a data set by name; of a file none. */
    readonly labelColumn?: string;
    /** A file of what cells of that column stand for. */
    readonly labelNames?: string;
    /** The labels, separated by commas. Default: those of the criteria, or of the data. */
    readonly labels?: string;
    /** Several questions in one request: names, each with criteria and perhaps instructions, in JSON, or @ and a file of it. */
    readonly questions?: string;
    /** Rows that are asked about twice more and in other orders of the labels, before the rest is asked. Default: none. */
    readonly check?: number;
    /** Requests in a minute at most. Default: as many as the server allows. */
    readonly requestsPerMinute?: number;
    /** A Redis server by whose help several processes ask: the URL. Default: this process asks alone. */
    readonly queue?: string;
    /** Shows what is sent about the first row, and asks nobody. */
    readonly showPrompt?: boolean;
    /** The recorded outputs to write. Default: `outputs/DATA-teacher.jsonl`. */
    readonly outputFile?: string;
    /** Write a file that is there once more, of the replies that are kept and of new ones. */
    readonly resume?: boolean;
    /** The same, and ask for all replies again. */
    readonly overwrite?: boolean;
  };

const {
  ensembleOf: _of,
  teacherEpochs: _epochs,
  teacherSolver: _solver,
  teacherLearningRate: _rate,
  teacherBatchSize: _size,
  teacherLayerDecay: _decay,
  teacherFolds: _folds,
  teacherTokenizer: _tokenizer,
  teacherUse: _use,
  cacheDir: _cache,
  ...endpoint
} = TEACHER_SETTINGS;

export const ASK_SETTINGS = {
  ...UNLABELLED_SETTINGS,
  labelColumn: {
    ...COLUMN_SETTINGS.labelColumn,
    help: 'column of labels that are known, --label for short: shown to nobody, compared with the outputs',
    defaultSays: 'those of a data set by name; of a file none',
  },
  labelNames: COLUMN_SETTINGS.labelNames,
  ...endpoint,
  teacher: {
    ...TEACHER_SETTINGS.teacher,
    help: 'the URL of a language or decision model',
    fixWhenMissing: 'give --teacher a URL, such as --teacher http://127.0.0.1:8000/v1',
  },
  labels: {
    kind: 'text',
    placeholder: 'a,b,…',
    group: 'Question',
    help: 'the labels, separated by commas',
    defaultSays: 'those of the criteria, or of the data',
  },
  questions: {
    kind: 'text',
    placeholder: 'json|@file',
    group: 'Question',
    help: 'several questions for a decision model, asked in one request per text, a file of outputs for each: {"team": {"instructions": "…", "criteria": {"billing": null, "tech": null}}, …}',
    defaultSays: 'one question',
  },
  check: {
    kind: 'integer',
    min: 1,
    max: 10_000,
    group: 'Question',
    help: 'first ask about N rows twice, and with the labels in other orders: how often the predicted class differs',
  },
  showPrompt: { kind: 'switch', group: 'Question', help: 'show what would be sent about the first row, and stop' },
  requestsPerMinute: {
    kind: 'integer',
    min: 1,
    max: 10_000_000,
    group: 'Question',
    help: 'maximum requests per minute',
    defaultSays: 'what the server allows',
  },
  queue: {
    kind: 'text',
    placeholder: 'redis://host',
    group: 'Machine',
    help: 'share the rows with retort worker --queue on other machines through a Redis server: one budget and one rate limit for all',
    defaultSays: 'this process alone',
  },
  outputFile: {
    kind: 'text',
    placeholder: 'file',
    group: 'Output',
    help: 'JSON lines of recorded outputs, for retort distill --teacher FILE',
    defaultSays: 'outputs/DATA-teacher.jsonl',
  },
  resume: {
    ...OUTPUT_SETTINGS.resume,
    help: 'write a file that is there again: from the replies that are kept, and new ones for new rows',
  },
  overwrite: { ...OUTPUT_SETTINGS.overwrite, help: 'replace a file that is there, and ask for all replies again' },
} as const satisfies SettingTable<AskSettings>;
