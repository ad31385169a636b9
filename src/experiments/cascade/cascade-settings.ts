/** @file What is certified, on which rows and to which bounds: settings of a cascade. */
import { COLUMN_SETTINGS, ROW_SETTINGS } from '../../data/task-settings.js';
import { OUTPUT_SETTINGS } from '../../options/run-settings.js';
import type { SettingTable } from '../../options/setting.js';

export const TRUTHS = ['labels', 'teacher'] as const;
export type Truth = (typeof TRUTHS)[number];

export type CascadeSettings = {
  /** A random sample of all requests, with labels or recorded outputs of the teacher. */
  readonly calibration: string;
  /** The largest share of wrong labels among the requests that the student keeps. */
  readonly risk?: number;
  /** The same of all requests, those that go to the teacher being right. */
  readonly riskAll?: number;
  /** How sure the statement is. Default: 0.95. */
  readonly confidence?: number;
  /** What a label is right by. Default: the teacher, where rows are recorded outputs; else labels. */
  readonly truth?: Truth;
  /** Texts outside training and calibration, which thresholds are taken from. Default: a tenth of the calibration rows. */
  readonly scale?: string;
  /**
   * Rows that trained, validated or tuned student or teacher, separated by commas: calibration rows of their texts are left out.
   * `none` where no calibration row can be one of them; the certificate says that nobody looked.
   */
  readonly trained: string;
  /** Rows that a score is fitted to, new to student and teacher; no calibration rows. Default: the score is the probability of the label. */
  readonly validation?: string;
  /** Labels that fewer calibration rows than these would have are left to the teacher; 0: none is. Default: 5. */
  readonly fewest?: number;
  /** Rows to hold the promise against. */
  readonly test?: string;
  /** Students that are certified on these rows, this one among them. Default: 1. */
  readonly students?: number;
  /** Of a series of certificates, each on fresh rows: the number of this one. Default: it is the only one. */
  readonly round?: number;
  /** What the teacher takes for 1,000 requests. Default: what the rows say. */
  readonly cost?: number;
  /** Default: `certificate.json` beside the student. */
  readonly outputFile?: string;
  readonly overwrite?: boolean;
};

const rows = { kind: 'text', placeholder: 'rows', group: 'Rows' } as const;
const bound = { kind: 'number', above: 0, max: 0.999, group: 'Bound' } as const;

export const CASCADE_SETTINGS = {
  calibration: {
    ...rows,
    required: true,
    fixWhenMissing: 'give --calibration a file of rows that were asked whatever the student says of them',
    help:
      'a random sample of all requests, new to student and teacher: a file with labels, recorded outputs of the teacher, ' +
      'or a data set by name and its split (banking77:test)',
  },
  truth: {
    ...{ kind: 'choice', choices: TRUTHS, group: 'Rows' },
    help: 'what a label is right by: labels of the rows, or what the teacher chose',
    defaultSays: 'teacher for recorded outputs, else labels',
  },
  trained: {
    ...rows,
    required: true,
    fixWhenMissing: 'name the files of these rows, or give --trained none where no calibration row can be one of them',
    help:
      'rows that trained, validated or tuned student or teacher, files separated by commas: the same texts are left out; ' +
      'none: no calibration row can be one of them',
  },
  scale: {
    ...rows,
    help: 'texts outside training and calibration, which thresholds are taken from; they need no labels',
    defaultSays: 'a tenth of the calibration rows, which the test then lacks',
  },
  validation: {
    ...rows,
    help: 'other rows with labels or outputs, new to the student: a score of several signals is fitted to them, where that helps',
    defaultSays: 'the score is the probability of the label',
  },
  fewest: {
    ...{ kind: 'integer', min: 0, max: 10_000, default: 5, group: 'Rows' },
    help: 'labels that fewer calibration rows would have, by the texts of --scale, are left to the teacher; 0: none is',
  },
  test: {
    ...rows,
    aliases: ['held_out'],
    help: 'other rows with labels or outputs: what was promised beside what they show',
  },
  risk: { ...bound, help: 'at most this share of the requests that the student keeps is wrong, such as 0.02' },
  riskAll: {
    ...bound,
    help: 'at most this share of all requests is wrong, the teacher being right; both may be given',
  },
  confidence: {
    ...{ kind: 'number', above: 0, max: 0.999999, default: 0.95, group: 'Bound' },
    help: 'how sure the statement is to be',
  },
  students: {
    ...{ kind: 'integer', min: 1, max: 1000, default: 1, group: 'Bound' },
    help: 'students that are certified on these rows, chosen before they were looked at: each may spend its part alone',
  },
  round: {
    ...{ kind: 'integer', min: 1, max: 10_000, group: 'Bound' },
    help: 'number of this certificate in a series, each on fresh rows: none of all is ever false, at the confidence',
    defaultSays: 'it is the only one',
  },
  cost: {
    ...{ kind: 'number', above: 0, group: 'Output' },
    help: 'what the teacher takes for 1,000 requests, for the curve',
    defaultSays: 'what recorded outputs say',
  },
  outputFile: {
    ...{ kind: 'text', placeholder: 'file', group: 'Output' },
    help: 'where the certificate is written',
    defaultSays: 'certificate.json beside the student',
  },
  overwrite: { ...OUTPUT_SETTINGS.overwrite, help: 'replace a certificate that is there' },
} as const satisfies SettingTable<CascadeSettings>;

/** Columns of files of labels, as `evaluate` has them. */
export const CASCADE_COLUMNS = {
  textColumn: { ...COLUMN_SETTINGS.textColumn, defaultSays: 'as in training, or text' },
  pairColumn: { ...COLUMN_SETTINGS.pairColumn, defaultSays: 'as in training' },
  labelColumn: {
    ...COLUMN_SETTINGS.labelColumn,
    help: 'column of the labels, --label for short',
    defaultSays: 'as in training, or label',
  },
  labelNames: COLUMN_SETTINGS.labelNames,
  header: { ...COLUMN_SETTINGS.header, defaultSays: 'as in training, or yes' },
  delimiter: { ...COLUMN_SETTINGS.delimiter, defaultSays: 'as in training, or by extension' },
  quote: { ...COLUMN_SETTINGS.quote, defaultSays: 'as in training, or by extension' },
  dataDir: { ...ROW_SETTINGS.dataDir, help: 'folder of data sets by name; also the environment variable RETORT_DATA' },
} as const;
