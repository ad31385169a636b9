/** @file A certificate as a file beside the student that it is about, and whether a student is the one that it names. */
import { readFile } from 'node:fs/promises';
import { basename, join, relative, sep } from 'node:path';
import { FileError, OptionError } from '../errors/failures.js';
import { writeFileAtomic } from '../files/atomic-write.js';
import { inputFailure } from '../files/file-failure.js';
import { fileHash } from '../files/file-hash.js';
import { packageVersion } from '../files/package-version.js';
import { entryAt } from '../files/path-entry.js';
import { sealed, unsealed } from '../files/sealed-json.js';
import { checkFormatVersion, storedValue } from '../files/stored-json.js';
import { parseJson } from '../files/stored-text.js';
import { folderOfModelFile, modelFileIn } from '../onnx/model-file.js';
import { questionIn } from '../onnx/model-question.js';
import { readOnnxMetadata } from '../onnx/onnx-file.js';
import { type Question, questionOf } from '../options/question.js';
import type { Certificate } from './certificate.schema.js';
import { CERTIFICATE_FORMAT } from './certificate-format.js';
import { questionHash } from './question-hash.js';

export const CERTIFICATE_FILE = 'certificate.json';

/** What is certified: whatever differs in any of these is another student. */
export type StudentIdentity = Pick<
  Certificate,
  'artefact' | 'precision' | 'tokenizer' | 'temperature' | 'question' | 'questionHash'
>;

export type NewCertificate = Omit<Certificate, 'format' | 'version' | 'retort'>;

/** Writes it with a checksum of its own, in one piece. @throws OutputError naming the place that cannot be written. */
export async function writeCertificate(path: string, certificate: NewCertificate): Promise<void> {
  const { name: format, version } = CERTIFICATE_FORMAT;
  const whole = sealed({ format, version, retort: packageVersion(), ...certificate });
  await writeFileAtomic(path, `${JSON.stringify(whole, null, 2)}\n`);
}

/**
 * @param path the file, or the folder of an exported student
 * @throws FileError for a file that is missing, no certificate, of a newer version, or changed since it was written.
 */
export async function readCertificate(path: string): Promise<Certificate> {
  const file = (await entryAt(path))?.isDirectory() ? join(path, CERTIFICATE_FILE) : path;
  const { certificateSchema, certificateVersionSchema } = await import('./certificate.schema.js');
  const value = parseJson(await textOf(file), file);
  const wanted = 'a certificate of retort cascade';
  const { version } = storedValue(certificateVersionSchema.safeParse(value), file, wanted);
  checkFormatVersion(version, CERTIFICATE_FORMAT.version, file);
  return storedValue(certificateSchema.safeParse(unsealed(value, file, true)), file, wanted);
}

async function textOf(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    throw inputFailure(error, file);
  }
}

/** @throws OptionError for a model that does not tell labels of texts apart. */
export function expectStudent(
  { labels, isTagger }: { readonly labels: readonly string[]; readonly isTagger: boolean },
  where: string,
): void {
  if (labels.length > 1 && !isTagger) return;
  const got = isTagger ? 'one that labels each word' : 'one that gives a value';
  throw new OptionError({ where, wanted: 'a model that labels texts', got, fix: 'use another model' });
}

/**
 * What an exported student is, by its file and what that says of itself. A student that was asked no question answers which
 * label fits (`questionOf`).
 * @param path the folder of an export, or an .onnx file
 * @param labels in the order of the classes
 * @throws FileError where there is no ONNX file.
 */
export async function studentIdentity(path: string, labels: readonly string[]): Promise<StudentIdentity> {
  const file = path.endsWith('.onnx') ? path : await modelFileIn(path);
  if (file === undefined) {
    const fix = 'make one: retort export MODEL --to onnx --output_dir DIR';
    throw new FileError({ where: path, wanted: 'an exported student', got: 'a folder without an ONNX file', fix });
  }
  const folder = await folderOfModelFile(file);
  const metadata = await readOnnxMetadata(file);
  const question = questionIn(metadata, file) ?? questionOf({ labelNames: labels, isPair: readsPairs(metadata) });
  return {
    artefact: { file: relative(folder, file).split(sep).join('/') || basename(file), sha256: await fileHash(file) },
    precision: metadata.get('retort.precision') ?? 'unknown',
    tokenizer: metadata.get('retort.tokenizer_sha256') ?? null,
    temperature: Number(metadata.get('retort.temperature') ?? 1),
    question,
    questionHash: questionHash(question),
  };
}

function readsPairs(metadata: ReadonlyMap<string, string>): boolean {
  return metadata.get('retort.reads_pairs') === 'true';
}

/**
 * In what a student is another than the certified one, a sentence each; none where the certificate is about it. Anything else
 * is uncertified.
 */
export function certificateMismatches(certificate: Certificate, student: StudentIdentity): readonly string[] {
  const parts: readonly (readonly [what: string, certified: unknown, own: unknown])[] = [
    ['artefact (SHA-256)', certificate.artefact.sha256, student.artefact.sha256],
    ['precision', certificate.precision, student.precision],
    ['tokenizer (SHA-256)', certificate.tokenizer, student.tokenizer],
    ['temperature', certificate.temperature, student.temperature],
    ['question (SHA-256)', certificate.questionHash, questionHash(student.question)],
    // Whoever writes another question under an old hash has not asked it.
    ['labels for what is asked', labelsIn(certificate.question), labelsIn(student.question)],
    ['question as it stands in the certificate', questionHash(certificate.question), certificate.questionHash],
  ];
  return parts.flatMap(([what, certified, own]) =>
    certified === own ? [] : [`another ${what}: ${shown(certified)} is certified, this is ${shown(own)}`],
  );
}

/** @throws FileError naming each thing in which the student is another than the certified one. */
export function expectCertified(certificate: Certificate, student: StudentIdentity, where: string): void {
  const mismatches = certificateMismatches(certificate, student);
  if (mismatches.length === 0) return;
  throw new FileError({
    where,
    wanted: 'the student that the certificate is about',
    got: mismatches.join('; '),
    fix: 'certify this one: retort cascade STUDENT --calibration ROWS --trained ROWS',
  });
}

/** The same question about other labels of the student gets other answers. */
function labelsIn({ labels }: Question): string {
  return labels?.join(', ') ?? 'its own';
}

function shown(value: unknown): string {
  const text = String(value ?? 'none');
  return /^[0-9a-f]{64}$/.test(text) ? `${text.slice(0, 12)}…` : text;
}
