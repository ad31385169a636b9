/** @file A distilled student of the user's, and its teacher, in forms that a page can open. */
import { basename, join, resolve } from 'node:path';
import { CERTIFICATE_FILE, readCertificate } from '../certificates/certificate.js';
import type { Certificate } from '../certificates/certificate.schema.js';
import { OptionError } from '../errors/failures.js';
import { messageOf } from '../errors/message-of.js';
import { RetortError } from '../errors/retort-error.js';
import { RECORD } from '../experiments/formats.js';
import { shippedModel } from '../experiments/shipped-model.js';
import { JS_KINDS, jsStudent } from '../export/js-student.js';
import { exportOnnx } from '../export/onnx.js';
import type { Precision } from '../export/precisions.js';
import { fileHash } from '../files/file-hash.js';
import { isFile, isFolder } from '../files/path-entry.js';
import { openAnyModel } from '../models/any-model.js';
import { classesOf } from '../models/forward.js';
import { readsText } from '../models/model.js';
import { loadModelTokenizer } from '../models/model-tokenizer.js';
import { tempered } from '../models/tempered.js';
import { parameterCount } from '../nn/parameter-count.js';
import { modelFileIn } from '../onnx/model-file.js';
import { MODEL_FILE, VERSIONS_FOLDER } from '../onnx/model-versions.js';
import { readOnnxMetadata } from '../onnx/onnx-file.js';
import { defined } from '../options/given.js';
import { packedIn } from '../standalone/packed-text.js';
import type { StudentFacts } from '../standalone/student.js';
import { tokenizerHash } from '../tokenizers/tokenizer-hash.js';

/** A model as the page is told of it. */
export type ServedModel = {
  /** Its folder, as the user knows it. */
  readonly name: string;
  /** `ngram`, `static`, `bert`, …; `unknown` of another tool's export. */
  readonly kind: string;
  /** One JavaScript file, or ONNX with its tokenizer. */
  readonly form: 'js' | 'onnx';
  readonly precision: string;
  /** Of `student.js` or the ONNX file. */
  readonly bytes: number;
  readonly parameters?: number;
  readonly readsPairs: boolean;
  /** Addresses below `folder/` by names of files. */
  readonly files: Readonly<Record<string, string>>;
};

/** When the student's answer is kept, and what is promised of that. */
export type ServedCertificate = Pick<Certificate, 'score' | 'threshold' | 'deferredLabels' | 'risk' | 'delta'> & {
  /** Whether it is about the very file that the page opens. */
  readonly isOfThis: boolean;
};

/** What the page is told. */
export type StudentFolder = {
  readonly student: ServedModel;
  readonly teacher?: ServedModel;
  /** Why there is none. */
  readonly noTeacher?: string;
  readonly certificate?: ServedCertificate;
};

type Files = ReadonlyMap<string, () => Promise<Uint8Array>>;
type Model = { readonly served: ServedModel; readonly files: Files };

/** Float32 weights above this many bytes are sent in 8 bits: a page on a phone has to hold them. */
const LARGE_BYTES = 32e6;
const TEACHER = 'teacher';
const STUDENT_FILE = 'student.js';
/** What lies beside an ONNX file and says how texts are read. */
const BESIDE = ['tokenizer.json', 'tokenizer_config.json', 'vocab.txt', 'ngrams.json', 'config.json'];

/** Whether a folder may be one of these, by what is at its top. */
export async function holdsStudent(folder: string): Promise<boolean> {
  const marks = [RECORD, STUDENT_FILE, MODEL_FILE, VERSIONS_FOLDER, 'config.json', 'last.ckpt'];
  const are = await Promise.all(
    marks.map(async (name) => (await isFile(join(folder, name))) || isFolder(join(folder, name))),
  );
  return are.some((is) => is);
}

/**
 * @param folder an experiment of `retort distill`, a run, a checkpoint, or an export in any format
 * @param read a file of the folder, and of no other place
 * @throws FileError, CheckpointError for a model that cannot be read; OptionError for one that does not label texts.
 */
export async function studentContent(
  folder: string,
  read: (path: string) => Promise<Uint8Array>,
): Promise<{ readonly facts: StudentFolder; readonly files: Files }> {
  const path = await shippedModel(folder, () => {});
  const certificate = await certificateOf([path, folder]);
  const student = await servedModel(path, 'student', { read, certificate });
  const teacher = await teacherOf(folder, read);
  const files = new Map([...student.files, ...('files' in teacher ? teacher.files : [])]);
  return {
    facts: {
      student: student.served,
      ...('files' in teacher ? { teacher: teacher.served } : { noTeacher: teacher.why }),
      ...(certificate && { certificate: await servedCertificate(certificate, student, path) }),
    },
    files,
  };
}

async function teacherOf(
  folder: string,
  read: (path: string) => Promise<Uint8Array>,
): Promise<Model | { readonly why: string }> {
  const path = join(folder, TEACHER);
  if (!(await isFolder(path))) {
    return {
      why: `${join(basename(resolve(folder)), TEACHER)} is not there: a teacher that was trained elsewhere, or recorded, has no model here. Copy one to that name to see it.`,
    };
  }
  try {
    return await servedModel(path, TEACHER, { read });
  } catch (error) {
    if (!(error instanceof RetortError)) throw error;
    return { why: messageOf(error) };
  }
}

type Serving = {
  readonly read: (path: string) => Promise<Uint8Array>;
  readonly certificate?: Certificate | undefined;
};

async function servedModel(path: string, role: string, serving: Serving): Promise<Model> {
  const code = join(path, STUDENT_FILE);
  if (await isFile(code)) return jsExport(path, role, serving);
  const hasWeights = await isFile(join(path, 'model.safetensors'));
  const hasVersions = await isFolder(join(path, VERSIONS_FOLDER));
  const onnx = hasWeights && !hasVersions ? undefined : await modelFileIn(path);
  return onnx === undefined ? fromWeights(path, role) : onnxExport(path, onnx, role, serving);
}

/** Beside its code the file says what it is, in its first line and its facts. */
async function jsExport(path: string, role: string, { read }: Serving): Promise<Model> {
  const file = join(path, STUDENT_FILE);
  const bytes = await read(file);
  const text = new TextDecoder().decode(bytes);
  const { labels, readsPairs } = JSON.parse(packedIn(text, file).facts) as StudentFacts; // as its checksum will say
  expectLabels(labels.length, path);
  const [, kind = 'unknown'] = /^\/\/ A student of kind (\w+),/u.exec(text) ?? [];
  const about = { name: nameOf(path), kind, readsPairs };
  const served = { ...about, form: 'js', precision: 'int8', bytes: bytes.length } as const;
  return modelOf(served, role, new Map([[STUDENT_FILE, () => read(file)]]));
}

/** Of several versions that which a certificate names, else that which browsers open. */
async function onnxExport(path: string, first: string, role: string, { read, certificate }: Serving): Promise<Model> {
  const named = certificate && join(path, certificate.artefact.file);
  const small = join(path, VERSIONS_FOLDER, 'model_quantized.onnx');
  const wanted = [named, small, first].filter((one) => one !== undefined);
  const are = await Promise.all(wanted.map(isFile));
  const file = wanted.find((_, i) => are[i]) ?? first;
  const metadata = await readOnnxMetadata(file);
  const labels = JSON.parse(metadata.get('retort.labels') ?? 'null') as readonly string[] | null; // our own, or absent
  if (labels !== null && labels.length > 0) expectLabels(labels.length, path);
  const { length: bytes } = await read(file);
  const [kind, precision] = ['retort.kind', 'retort.precision'].map((key) => metadata.get(key) ?? 'unknown') as [
    string,
    string,
  ];
  const beside = await Promise.all(BESIDE.map(async (name) => ((await isFile(join(path, name))) ? [name] : [])));
  const files = beside.flat().map((name) => [name, () => read(join(path, name))] as const);
  const readsPairs = metadata.get('retort.reads_pairs') === 'true';
  const served = { name: nameOf(path), kind, form: 'onnx', precision, bytes, readsPairs } as const;
  return modelOf(served, role, new Map([[MODEL_FILE, () => read(file)], ...files]));
}

/** Exported in memory, as one JavaScript file where its kind has one. */
async function fromWeights(path: string, role: string): Promise<Model> {
  const opened = tempered(await openAnyModel(path));
  const { model, weights } = opened;
  if (!readsText(model)) expectLabels(0, path);
  expectLabels(classesOf(model), path);
  const tokenizer = await loadModelTokenizer(opened);
  const content = { ...opened, tokenizer };
  const readsPairs = opened.readsPairs ?? model.config.is_pair === true;
  const about = { name: nameOf(path), kind: model.kind, parameters: parameterCount(model), readsPairs };
  const held = (bytes: Uint8Array) => () => Promise.resolve(bytes);
  if (role !== TEACHER && JS_KINDS.includes(model.kind)) {
    try {
      const bytes = new TextEncoder().encode((await jsStudent(content))[STUDENT_FILE] as string);
      const served = { ...about, form: 'js', precision: 'int8', bytes: bytes.length } as const;
      return modelOf(served, role, new Map([[STUDENT_FILE, held(bytes)]]));
    } catch (error) {
      // A tokenizer that one file has no code for: ONNX has.
      if (!(error instanceof OptionError)) throw error;
    }
  }
  const isLarge = 4 * about.parameters > LARGE_BYTES;
  const precision: Precision = isLarge ? 'int8' : 'float32';
  const bytes = exportOnnx({
    model,
    weights,
    labelNames: opened.labelNames,
    ...defined({ readsPairs: opened.readsPairs }),
    precision,
    tokenizerHash: tokenizerHash(tokenizer),
  });
  const files = [...tokenizer.files].map(([name, text]) => [name, held(new TextEncoder().encode(text))] as const);
  const served = { ...about, form: 'onnx', precision, bytes: bytes.length } as const;
  return modelOf(served, role, new Map([[MODEL_FILE, held(bytes)], ...files]));
}

function modelOf(served: Omit<ServedModel, 'files'>, role: string, files: Files): Model {
  const addresses = [...files.keys()].map((name) => [name, `${role}/${name}`] as const);
  return {
    served: { ...served, files: Object.fromEntries(addresses) },
    files: new Map(addresses.map(([name, address]) => [address, files.get(name) as () => Promise<Uint8Array>])),
  };
}

/** A run is known by the names of its folder and the one above its checkpoint. */
function nameOf(path: string): string {
  return basename(resolve(path));
}

/** @throws OptionError for a model that does not tell labels of texts apart. */
function expectLabels(classes: number, where: string): void {
  if (classes > 1) return;
  const got = classes === 0 ? 'one of images' : 'one that gives a value';
  throw new OptionError({ where, wanted: 'a model that labels texts', got, fix: 'name another folder' });
}

async function certificateOf(folders: readonly string[]): Promise<Certificate | undefined> {
  for (const folder of folders) {
    const file = join(folder, CERTIFICATE_FILE);
    if (await isFile(file)) return readCertificate(file);
  }
  return undefined;
}

async function servedCertificate(value: Certificate, { served }: Model, path: string): Promise<ServedCertificate> {
  const { score, threshold, deferredLabels, risk, delta } = value;
  const file = join(path, value.artefact.file);
  const isOfForm = (served.form === 'js') === (value.artefact.file === STUDENT_FILE);
  const isOfThis = isOfForm && (await isFile(file)) && (await fileHash(file)) === value.artefact.sha256;
  return { score, threshold, deferredLabels, risk, delta, isOfThis };
}
