import { Ajv } from 'ajv';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { configSchema, schemaText } from '../../../src/cli/config/json-schema.js';
import { SECTIONS } from '../../../src/cli/config/keys.js';
import { readConfig } from '../../../src/cli/config/read-config.js';
import { METHODS } from '../../../src/methods/table.js';
import { configFile } from './config-file.js';

// Witness: Ajv, which knows nothing of our reader, with its strict mode against keywords that it does not know.
const ajv = new Ajv({ strict: true, strictRequired: false, allowUnionTypes: true });
const accepts = ajv.compile(configSchema());

const TASK = 'task: { name: sst2 }\n';

describe('configSchema', () => {
  test('describes each key and each option of each method', () => {
    const text = schemaText();
    for (const keys of Object.values(SECTIONS))
      for (const name of Object.keys(keys)) expect(text).toContain(`"${name}"`);
    for (const [name, { definition }] of Object.entries(METHODS)) {
      expect(text).toContain(`"title": "${name}"`);
      for (const option of Object.keys(definition.options)) expect(text).toContain(`"${option}"`);
    }
    expect(text).not.toMatch(/"description": ""|undefined/);
  });

  // The schema and the reader are two programs: on each of these they have to be of one mind.
  test.each<[string, boolean]>([
    ['', true],
    ['teacher: outputs/teacher', true],
    ['teacher: [a, b]', true],
    ['teacher: []', false],
    ['teacher: { model: a, epochs: 3, learningRate: 3e-5 }', true],
    ['teacher: { model: a, recorded: b.jsonl }', false],
    ['teacher: { epoch: 3 }', false],
    ['teacher: { url: "http://x", words: { a: [b, c], d: e }, prices: [1, 2] }', true],
    ['student: { model: bilstm, hidden: 150, embeddings: glove.txt }', true],
    ['student: { model: static, size: tiny, vocabularySize: 4000, hidden: 0 }', true],
    ['student: { model: static, size: huge }', false],
    ['student: { from: [1, 3, 6] }', true],
    ['student: { layers: 0 }', false],
    ['student: { layers: "3" }', false],
    ['method: pkd', true],
    ['method: { name: takd, worse: skip, temperature: 4, anneal: linear }', true],
    ['method: { name: takd, hop: pkd, beta: 100, layerMap: last }', true],
    ['method: { name: takd, hop: pkd, anneal: linear }', false],
    ['method: { name: takd, hop: tinybert }', false],
    ['method: { name: takd, beta: 100 }', false],
    ['method: hintn', false],
    ['method: { name: pkd, alpha: 0.5, temperature: 10, beta: 100, layerMap: skip }', true],
    ['method: { name: pkd, layerMap: "1:4,2:8" }', true],
    ['method: { name: pkd, layerMap: first }', false],
    ['method: { name: pkd, alpha: 2 }', false],
    ['method: { name: hinton, beta: 3 }', false],
    ['method: { alpha: 0.9 }', true],
    ['training: { epochs: 4, learningRate: 5e-5, batchSize: 32, warmup: 0.1, schedule: cosine, strict: true }', true],
    ['training:', true],
    ['training: { learningRate: 0 }', false],
    ['training: { warmup: 1.1 }', false],
    ['training: { schedule: lineal }', false],
    ['training: { strict: 1 }', false],
    ['transfer: pool.jsonl', true],
    ['transfer: { file: pool.jsonl }', true],
    ['evidence: { seeds: 5, controls: [no-teacher, hard-labels], smallestEffect: 0.5 }', true],
    ['evidence: { seeds: 0 }', false],
    ['output: runs/sst2', true],
    ['output: 3', false],
    ['machine: { threads: 2, device: cpu }', true],
    ['tasks: { name: sst2 }', false],
  ])('%j: %s, as the reader says', async (text, isRight) => {
    expect(accepts(parse(TASK + text))).toBe(isRight);
    const read = readConfig(configFile(TASK + text));
    await (isRight ? expect(read).resolves.toBeDefined() : expect(read).rejects.toThrow());
  });
});
