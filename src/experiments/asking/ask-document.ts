/** @file The question and the rows of an ask that several processes share, as they travel between them: by content hash. */
import { FileError, OptionError } from '../../errors/failures.js';
import { jsonHash } from '../../files/json-hash.js';
import { packageVersion } from '../../files/package-version.js';
import { sealed, unsealed } from '../../files/sealed-json.js';
import { defined } from '../../options/given.js';
import { parsedJson } from '../../options/json.js';
import { rotated } from '../../outside/asking/asked-orders.js';
import type { Pace } from '../../outside/asking/asking-turns.js';
import type { LabelledExample } from '../../outside/asking/endpoint-options.js';
import type { OutsideAdapter, OutsideQuestion } from '../../outside/asking/outside.js';
import type { Reply } from '../../outside/asking/outside-reply.schema.js';
import { FORMAT_ADAPTERS } from '../distillation/endpoint-adapters.js';
import type { EndpointFormatName } from '../distillation/endpoint-formats.js';
import { type NamedOptions, namedEndpoint } from '../distillation/named-endpoint.js';
import type { TeacherSettings } from '../distillation/teacher-settings.js';
import type { AskDocument } from './ask-document.schema.js';

/** Rows of one unit, at most; of texts, so many bytes. */
export const MOST_ROWS = 256;
export const MOST_UNIT_BYTES = 2 ** 18;

/** @param options of the endpoint, of which those that decide what is asked travel. */
export function askDocument(
  { identity }: Pick<OutsideAdapter, 'identity'>,
  options: NamedOptions,
  teacherFormat: EndpointFormatName,
): AskDocument {
  const { model, labelNames, prompt, instructions, criteria, answerBy, structured, labelWords } = options;
  const { examples, samples, rotations, prices, enforceDistillableText } = options;
  const asked = { model, labelNames, prompt, instructions, criteria, answerBy, structured, labelWords };
  return {
    ...{ format: 'retort-ask', version: 1, retort: packageVersion(), teacherFormat, contentHash: jsonHash(identity) },
    asked: defined({ ...asked, examples, samples, rotations, prices, enforceDistillableText }) as AskDocument['asked'], // lists are not written to
  };
}

export function documentText(document: AskDocument): string {
  return JSON.stringify(sealed(document));
}

/** @throws FileError for a document that is damaged, or of another version. */
export async function readAskDocument(text: string, where: string): Promise<AskDocument> {
  const { askDocumentSchema } = await import('./ask-document.schema.js');
  const found = askDocumentSchema.safeParse(unsealed(parsedJson(text), where, true));
  if (found.success) return found.data;
  throw new FileError({
    where,
    wanted: 'an ask as this version of retort shares it',
    got: 'another form',
    fix: `use the same version on all machines: this is retort ${packageVersion()}`,
  });
}

/** Where a worker sends what, by its own command line. */
export type WorkerEndpoint = Pick<
  { readonly [K in keyof TeacherSettings]?: TeacherSettings[K] | undefined },
  'teacher' | 'apiKeyEnv' | 'teacherPath' | 'teacherConcurrency' | 'insecureHttp'
>;

const NO_KEY = 'none';

/**
 * The adapter that asks a document's question at an address that the document does not know.
 * @throws OptionError without an address, and where this process would ask in another way.
 */
export async function adapterOf(
  { teacherFormat, asked, contentHash, retort }: AskDocument,
  { teacher, apiKeyEnv = NO_KEY, ...endpoint }: WorkerEndpoint,
  pace: Pace,
): Promise<OutsideAdapter> {
  if (teacher === undefined) {
    throw new OptionError({
      where: '--teacher',
      wanted: 'the URL of the endpoint that this worker may ask',
      got: 'none',
      fix: 'such as --teacher https://api.example.com/v1 --api_key_env NAME: what is shared names no address and no key',
    });
  }
  // Unless a key is named here none is sent: not even the usual one of a format that others have chosen.
  const settings = { ...endpoint, apiKeyEnv, teacherFormat, teacherModel: asked.model };
  const { options } = await namedEndpoint(teacher, settings, asked.labelNames);
  // Replies are kept where all see them, in no file.
  const { examples, ...others } = asked;
  const shown = examples as readonly LabelledExample[] | undefined; // JSON has no undefined
  const all = { ...options, ...defined(others), ...(shown && { examples: shown }), pace, log: '' };
  const make = FORMAT_ADAPTERS[teacherFormat](all);
  const adapter = rotated(make, asked.labelNames, asked.rotations);
  if (jsonHash(adapter.identity) === contentHash) return adapter;
  throw new OptionError({
    where: 'retort worker',
    wanted: `the question as retort ${retort} words it, which shared the ask`,
    got: `another of retort ${packageVersion()}`,
    fix: `install retort-ml@${retort} here`,
  });
}

export type SharedRow = {
  readonly text: string;
  readonly pair?: string | undefined;
  readonly replies?: readonly Reply[];
};

/** A unit's rows and its name, their hash. */
export function unitOf(rows: readonly SharedRow[]): { readonly name: string; readonly rows: string } {
  const text = JSON.stringify(rows);
  return { name: jsonHash(text), rows: text };
}

/** @throws FileError for rows that are not those of the name. */
export async function rowsOf({
  name,
  rows,
}: {
  readonly name: string;
  readonly rows: string;
}): Promise<readonly SharedRow[]> {
  const { askRowsSchema } = await import('./ask-document.schema.js');
  const found = jsonHash(rows) === name ? askRowsSchema.safeParse(parsedJson(rows)) : undefined;
  if (found?.success) return found.data as readonly object[] as readonly SharedRow[]; // the log's own replies, by the hash of them
  throw new FileError({
    where: `unit ${name}`,
    wanted: 'the rows that were shared',
    got: 'changed ones',
    fix: 'see who else writes to this Redis, and start again: --overwrite',
  });
}

export function rowOf({ text, pair }: OutsideQuestion, replies: readonly Reply[]): SharedRow {
  return { text, ...(pair !== undefined && { pair }), ...(replies.length > 0 && { replies }) };
}

/** Billionths of a unit of money: sums of whole numbers are exact. */
const PARTS = 1e9;

/** Rounded up, but for what the arithmetic leaves of a whole number. */
export function partsOf(cost: number): number {
  return Math.ceil(Number((cost * PARTS).toPrecision(15)));
}

export function limitParts(maxCost: number): number {
  return Math.floor(Number((maxCost * PARTS).toPrecision(15)));
}

export function moneyOf(parts: number): number {
  return parts / PARTS;
}
