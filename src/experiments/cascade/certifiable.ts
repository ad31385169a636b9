/** @file A student opened to be certified: an ONNX file, whatever family, or one JavaScript file (`retort export --to js`). */
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { type StudentIdentity, studentIdentity } from '../../certificates/certificate.js';
import { questionHash } from '../../certificates/question-hash.js';
import { readJsStudent } from '../../export/js-student.js';
import { type OpenedTextModel, type OpenTextModelOptions, openTextModel } from '../../export/open-text-model.js';
import { inputFailure } from '../../files/file-failure.js';
import { isFile } from '../../files/path-entry.js';
import type { Answer, TextInput } from '../../inference/answer.js';
import { questionOf } from '../../options/question.js';

/** As much of a student as it is certified by. */
export type Certifiable = Pick<OpenedTextModel, 'labels' | 'isTagger' | 'readAs' | 'path' | 'release'> & {
  stream(inputs: readonly TextInput[], options: { readonly badRows: 'stop' }): AsyncIterable<Answer>;
  identity(): Promise<StudentIdentity>;
  /** Where its certificate lies. */
  readonly folder: string;
};

const STUDENT_FILE = 'student.js';

/** @throws as `openTextModel` and `readJsStudent`. */
export async function openCertifiable(path: string, options: OpenTextModelOptions): Promise<Certifiable> {
  const inside = join(path, STUDENT_FILE);
  if (path.endsWith('.js')) return openJs(path, path);
  if (await isFile(inside)) return openJs(inside, path);
  const model = await openTextModel(path, options);
  return Object.assign(model, {
    folder: model.path.endsWith('.onnx') ? dirname(model.path) : model.path,
    identity: () => studentIdentity(model.path, model.labels),
  });
}

async function openJs(file: string, path: string): Promise<Certifiable> {
  const bytes = await bytesOf(file);
  const { facts, student } = await readJsStudent(bytes.toString('utf8'), file);
  const { labels, readsPairs, temperature = 1, question: asked } = facts;
  const question = asked ?? questionOf({ labelNames: labels, isPair: readsPairs });
  const identity: StudentIdentity = {
    artefact: { file: basename(file), sha256: createHash('sha256').update(bytes).digest('hex') },
    precision: 'int8',
    // It is in the file.
    tokenizer: null,
    ...{ temperature, question, questionHash: questionHash(question) },
  };
  return {
    ...{ labels, path, folder: dirname(file), isTagger: false },
    stream: async function* (inputs) {
      for (const input of inputs) yield student.predict(input) as Answer;
    },
    identity: () => Promise.resolve(identity),
    release: () => Promise.resolve(),
  };
}

async function bytesOf(file: string): Promise<Buffer> {
  try {
    return await readFile(file);
  } catch (error) {
    throw inputFailure(error, file);
  }
}
