/** @file Every method with every kind of teacher: what can teach it is asked, what cannot is refused before any work. */
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { textDataset } from '../../src/data/text-dataset.js';
import { saveOnnx } from '../../src/export/onnx-folder.js';
import { METHODS, type MethodName } from '../../src/methods/table.js';
import type { Model, SavedModel } from '../../src/models/model.js';
import { modelHash } from '../../src/models/saved-model.js';
import { initialiseParameters } from '../../src/nn/parameters.js';
import { adam } from '../../src/optim/adam.js';
import { endpointTeacher } from '../../src/outside/chat/endpoint-teacher.js';
import { ensembleTeacher } from '../../src/teachers/ensemble-teacher.js';
import { modelTeacher } from '../../src/teachers/model-teacher.js';
import { onnxTeacher } from '../../src/teachers/onnx-teacher.js';
import { recordedTeacher } from '../../src/teachers/recorded-teacher.js';
import type { Teacher } from '../../src/teachers/teacher.js';
import { textTeacher } from '../../src/teachers/text-teacher.js';
import { wordTokenizer } from '../../src/tokenizers/word-vocabulary.js';
import { runPhases } from '../../src/training/phases/phased-run.js';
import { smallBert } from '../data/small-bert.js';
import { WORDS, words, wordTable } from '../data/words.js';
import { temporaryFolder } from '../files/processes.js';

const root = temporaryFolder();
const labelNames = ['negative', 'positive'];

const sized = (layers: number, hidden_size: number): Model => smallBert(layers, { hidden_size });
const student = sized(2, 4);
const table = wordTable('train', 16);
const data = { train: textDataset(table, words, { model: student }) };

function saved(seed: number): SavedModel {
  const model = sized(4, 6);
  const weights = initialiseParameters(model.parameters, seed);
  return { path: `model-${seed}`, model, weights, labelNames, contentHash: modelHash({ model, weights }) };
}

function recorded(name: string, answer: object): Promise<Teacher> {
  const path = join(root, `${name}.jsonl`);
  writeFileSync(path, [...new Set(table.texts)].map((text) => `${JSON.stringify({ text, ...answer })}\n`).join(''));
  return recordedTeacher(path, { labelNames });
}

async function exported(): Promise<Teacher> {
  const folder = join(root, 'exported');
  await saveOnnx(folder, { ...saved(1), tokenizer: words });
  return onnxTeacher(join(folder, 'model.onnx'), { maxLength: 16 });
}

const OTHER = wordTokenizer([...WORDS].reverse(), { split: 'spaces', lowercase: true });

const KINDS: Readonly<Record<string, () => Teacher | Promise<Teacher>>> = {
  'recorded logits': () => recorded('logits', { logits: [1, 2] }),
  'recorded labels': () => recorded('labels', { label: 'positive' }),
  'an ONNX classifier': exported,
  'an endpoint': () =>
    endpointTeacher({ url: 'http://127.0.0.1:9/v1', model: 'm', labelNames, log: join(root, 'endpoint.jsonl') }),
  'an ensemble': () => ensembleTeacher([modelTeacher(saved(1)), modelTeacher(saved(2))]),
  'a model with a tokenizer of its own': () => textTeacher(saved(1), OTHER, { labelNames, maxLength: 16 }),
  'a model that reads texts, with the tokenizer of the student': () =>
    textTeacher(saved(1), words, { labelNames, maxLength: 16, isInStep: true }),
  'a model that reads the tokens of the student': () => modelTeacher(saved(1)),
};

/** What comes of a method with this teacher: `served` where all checks pass, else the message. */
async function outcome(name: MethodName, teacher: Teacher, kind: string, options = {}): Promise<string> {
  const outputDir = join(root, kind, `${name}${Object.keys(options)}`);
  // It is asked for answers, or the training starts and is stopped at once: either comes after all checks.
  const asked = () => Promise.reject(new Error('asked'));
  const stop = new AbortController();
  stop.abort();
  const method = METHODS[name].fromRecord(options);
  try {
    await runPhases({
      model: student,
      weights: initialiseParameters(student.parameters, 3),
      method,
      teacher: { ...teacher, answer: asked, ...(teacher.open && { open: asked }) },
      ...(name === 'takd' && { assistants: [{ model: sized(3, 4) }] }),
      data,
      optimizer: adam({ learningRate: 0.01 }),
      epochs: 2,
      batchSize: 8,
      seed: 5,
      threads: 1,
      outputDir,
      signal: stop.signal,
    });
  } catch (error) {
    const { message } = error as Error;
    if (/^asked$|interruption/.test(message)) return 'served';
    expect(existsSync(outputDir), `${name}: a folder`).toBe(false);
    return message;
  }
  return 'trained though it was stopped';
}

// By hand, from the methods' pages: what each reads of a teacher.
const OF_LOGITS: readonly MethodName[] = ['hard-labels', 'bam', 'born-again', 'mt-dnn', 'tang', 'well-read'];
const TEMPERED: readonly MethodName[] = ['hinton', 'takd'];
const BY_TOKEN: Readonly<Partial<Record<MethodName, string>>> = {
  pkd: 'signal hiddenStates',
  distilbert: 'signal hiddenStates',
  tinybert: 'signals embeddings, hiddenStates, attentionScores',
  minilm: 'signals attentionScores, queries, keys, values',
};
const WITHOUT_TEACHER: readonly MethodName[] = ['supervised', 'self-kd', 'deep-mutual-learning'];

describe.each(Object.keys(KINDS))('%s', (kind) => {
  const isOneTemperature = kind === 'recorded labels' || kind === 'an endpoint';
  const hasTokens = kind === 'a model that reads the tokens of the student';
  const canMix = hasTokens || kind === 'a model that reads texts, with the tokenizer of the student';
  const offer = `hinton, hard-labels, bam, born-again, ${canMix ? 'mixkd, ' : ''}mt-dnn, takd, tang, well-read`;

  test('teaches what it can; the others are refused, with what is missing and what would do', async () => {
    const teacher = await (KINDS[kind] as () => Promise<Teacher>)();
    const found = Object.fromEntries(
      await Promise.all(
        (Object.keys(METHODS) as MethodName[]).map(async (name) => [name, await outcome(name, teacher, kind)] as const),
      ),
    ) as Record<MethodName, string>;
    // Where no other temperature can be told, 1 is the default.
    for (const name of [...OF_LOGITS, ...TEMPERED]) expect(found[name], name).toBe('served');
    for (const name of isOneTemperature ? TEMPERED : []) {
      expect(await outcome(name, teacher, kind, { temperature: 2 }), name).toContain(
        'wanted temperature 1: some outputs are hard labels, samples, partial or rounded to 0',
      );
    }
    for (const [name, missing] of Object.entries(BY_TOKEN)) {
      if (hasTokens) expect(found[name as MethodName], name).toBe('served');
      else {
        expect(found[name as MethodName], name).toContain(
          `method '${name}' with teacher ${teacher.name}: wanted the ${missing}, got`,
        );
        expect(found[name as MethodName], name).toMatch(new RegExp(`or a method that it can serve: ${offer}$`));
      }
    }
    if (canMix) expect(found.mixkd).toBe('served');
    else {
      expect(found.mixkd).toContain("method 'mixkd' with teacher");
      expect(found.mixkd).toMatch(new RegExp(`or a method that this one can serve: ${offer}$`));
    }
    for (const name of WITHOUT_TEACHER) expect(found[name], name).toContain(`method '${name}': wanted no teacher`);
    expect(found.decoupled).toMatch(/wanted at least 3 classes/);
    const named = [...OF_LOGITS, ...TEMPERED, ...Object.keys(BY_TOKEN), ...WITHOUT_TEACHER, 'mixkd', 'decoupled'];
    expect(named.sort()).toEqual(Object.keys(METHODS).sort());
  });
});
