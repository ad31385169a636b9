/** @file How a student is served: settings of `retort serve`, and of the section `serve` of a retort.yaml. */
import type { SettingTable } from '../options/setting.js';

export type ServeSettings = {
  /** Default: 8000; 0 for any that is free. */
  readonly port?: number | undefined;
  /** The address to listen at. Default: 127.0.0.1, which no other machine reaches. */
  readonly host?: string | undefined;
  /** Names under which it may be asked besides localhost and addresses in numbers, separated by commas. Default: none. */
  readonly allowedHosts?: string | undefined;
  /** A JSON file of questions that are the student's in other words. */
  readonly aliases?: string | undefined;
  /** Of a state that is an object: the field of the text. */
  readonly textField?: string | undefined;
  /** Rows that may wait; more are refused with 503. Default: 1,000. */
  readonly maxWaiting?: number | undefined;
  /** Of a request, as it comes and unpacked. Default: 1,048,576. */
  readonly maxBodyBytes?: number | undefined;
  /** Threads inside an inference call. Default: 1. */
  readonly threads?: number | undefined;
  /** The address of the decision service behind the student, with /v1. Default: none, and the student answers all. */
  readonly upstream?: string | undefined;
  /** Seconds that its reply may take. Default: 30. */
  readonly upstreamTimeout?: number | undefined;
  /** The share of all requests that it is asked about, whatever the student says: rows for a certificate. Default: 0. */
  readonly calibrationShare?: number | undefined;
  /** The share of the others that it is asked about, to audit the student. Default: 0.05. */
  readonly auditShare?: number | undefined;
  /** The folder of requests and audits, of one process at a time. Default: `outputs/serve-NAME`. */
  readonly logDir?: string | undefined;
  /** Whether texts are kept there, which a student can be trained on then. Default: false. */
  readonly logTexts?: boolean | undefined;
  /** Days after which requests are removed. Default: 30. */
  readonly logDays?: number | undefined;
};

export type ServeOptions = ServeSettings & {
  /** An exported folder, or its .onnx file. */
  readonly student: string;
  /** What callers have to send. Any other address than this machine's own wants one. */
  readonly apiKey?: string | undefined;
  /** Sent upstream in the place of the caller's. With a key of this server's own it is needed. */
  readonly upstreamKey?: string | undefined;
  readonly onNotice?: ((text: string) => void) | undefined;
};

const setting = { group: 'Server', decidesNothing: 'how a student is served' } as const;
const proxy = { ...setting, group: 'Upstream' } as const;

export const SERVE_SETTINGS = {
  port: { ...setting, kind: 'integer', min: 0, max: 65535, default: 8000, help: 'port; 0 = any that is free' },
  host: {
    ...setting,
    kind: 'text',
    placeholder: 'host',
    default: '127.0.0.1',
    help: 'address to listen at; any but 127.0.0.1 needs --api_key_env',
  },
  allowedHosts: {
    ...setting,
    kind: 'text',
    placeholder: 'list',
    help: 'host names under which it may be asked, separated by commas, besides localhost and addresses in numbers; others get 403',
    defaultSays: 'none',
  },
  aliases: {
    ...setting,
    kind: 'text',
    placeholder: 'file',
    help: "JSON file of questions that are the student's in other words",
    yaml: { place: 'path' },
  },
  textField: {
    ...setting,
    kind: 'text',
    placeholder: 'name',
    help: 'of a state that is an object: the field of the text',
  },
  maxWaiting: {
    ...setting,
    kind: 'integer',
    min: 1,
    max: 1_000_000,
    default: 1000,
    help: 'texts that may wait; more are refused with 503',
  },
  maxBodyBytes: {
    ...setting,
    kind: 'integer',
    min: 1024,
    max: 2 ** 27,
    default: 2 ** 20,
    help: 'maximum bytes of a request, also after decompression',
  },
  threads: {
    ...setting,
    kind: 'integer',
    min: 1,
    max: 1024,
    default: 1,
    help: 'CPU threads of an inference call',
  },
  upstream: {
    ...proxy,
    kind: 'text',
    placeholder: 'url',
    help: 'decision service behind the student, with /v1: gets all that the student does not answer',
    defaultSays: 'none: the student answers alone',
    yaml: { takes: 'a URL' },
  },
  upstreamTimeout: {
    ...proxy,
    kind: 'number',
    above: 0,
    max: 600,
    default: 30,
    help: 'seconds that a reply of upstream may take',
  },
  calibrationShare: {
    ...proxy,
    kind: 'number',
    min: 0,
    max: 1,
    default: 0,
    help: 'share of all requests that upstream is asked about, whatever the student says: rows for retort cascade',
  },
  auditShare: {
    ...proxy,
    kind: 'number',
    min: 0,
    max: 1,
    default: 0.05,
    help: 'share of the others that upstream is asked about, to stop a student that breaks its bound',
  },
  logDir: {
    ...proxy,
    kind: 'text',
    placeholder: 'folder',
    help: 'requests and audits, of one process at a time',
    defaultSays: 'outputs/serve-STUDENT',
    yaml: { place: 'path' },
  },
  logTexts: {
    ...proxy,
    kind: 'switch',
    help: 'keep texts there, in files that their owner alone reads: recorded outputs for retort distill',
  },
  logDays: {
    ...proxy,
    kind: 'integer',
    min: 1,
    max: 36500,
    default: 30,
    help: 'days after which requests in the log are removed',
  },
} as const satisfies SettingTable<ServeSettings>;
