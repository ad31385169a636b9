/** @file How a student is served: settings of `retort serve`, and of the section `serve` of a retort.yaml. */
import type { SettingTable } from '../options/setting.js';

export type ServeSettings = {
  /** Default: 8000; 0 for any that is free. */
  readonly port?: number | undefined;
  /** The address to listen at. Default: 127.0.0.1, which no other machine reaches. */
  readonly host?: string | undefined;
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
};

const setting = { group: 'Server', decidesNothing: 'how a student is served' } as const;

export const SERVE_SETTINGS = {
  port: { ...setting, kind: 'integer', min: 0, max: 65535, default: 8000, help: 'port; 0 = any that is free' },
  host: {
    ...setting,
    kind: 'text',
    placeholder: 'host',
    default: '127.0.0.1',
    help: 'address to listen at; any but 127.0.0.1 needs --api_key_env',
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
} as const satisfies SettingTable<ServeSettings>;
