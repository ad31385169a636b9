import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { studentIdentity } from '../../src/certificates/certificate.js';
import { exportModel } from '../../src/export/export-model.js';
import { readQuestion } from '../../src/export/question-file.js';
import { saveModel } from '../../src/models/saved-model.js';
import { questionOf } from '../../src/options/question.js';
import { temporaryFolder } from '../files/processes.js';
import { LABELS, smallBert, VOCABULARY } from '../inference/text-student.js';

const path = join(temporaryFolder(), 'question.yaml');
const asked = (labelNames: readonly string[], isRegression = false) => ({ labelNames, isRegression, isPair: false });
const read = (content: string, ...given: Parameters<typeof asked>) => {
  writeFileSync(path, content);
  return readQuestion(path, asked(...given));
};

test.each([
  [
    'a choice of the labels as they are',
    'instructions: "  Which team? "',
    ['billing', 'tech'],
    {
      type: 'choice',
      instructions: 'Which team?',
      criteria: [
        ['billing', null],
        ['tech', null],
      ],
    },
  ],
  [
    'a choice in another order, under other names',
    '{"instructions": "Which team?", "criteria": {"Technik": "it", "Geld": null}, "labels": {"Technik": "tech", "Geld": "billing"}}',
    ['billing', 'tech'],
    {
      type: 'choice',
      instructions: 'Which team?',
      criteria: [
        ['Technik', 'it'],
        ['Geld', null],
      ],
      labels: ['tech', 'billing'],
    },
  ],
  [
    'a yes/no question',
    'type: boolean\ninstructions: Is it spam?\ncriteria: { false: fine }\nlabels: { true: spam, false: ham }',
    ['ham', 'spam'],
    {
      type: 'noul',
      instructions: 'Is it spam?',
      criteria: [
        ['true', null],
        ['false', 'fine'],
      ],
      labels: ['spam', 'ham'],
    },
  ],
  [
    'a score whose levels are the labels',
    'type: score\ninstructions: How urgent?\ncriteria: [low, high]',
    ['high', 'low'],
    {
      type: 'score',
      instructions: 'How urgent?',
      criteria: [
        ['0', 'low'],
        ['1', 'high'],
      ],
      labels: ['low', 'high'],
    },
  ],
])('%s', async (_name, content, labels, question) => {
  expect(await read(content, labels)).toEqual(question);
});

test('an exported student has it, and keeps it', async () => {
  const root = temporaryFolder();
  const { model, weights } = smallBert();
  const tokenizerFiles = new Map([['vocab.txt', VOCABULARY]]);
  const trained = join(root, 'trained');
  await saveModel(trained, { model, weights, labelNames: LABELS, tokenizerFiles });
  const levels = 'type: score\ninstructions: How sure?\ncriteria: [no, maybe, yes]';
  writeFileSync(path, levels);
  const exported = join(root, 'student');
  await exportModel({ model: trained, outputDir: exported, question: path, labelNames: ['yes', 'maybe', 'no'] });
  const { question } = await studentIdentity(exported, LABELS);
  expect(question).toMatchObject({ type: 'score', instructions: 'How sure?', labels: ['no', 'maybe', 'yes'] });
  const learnt = questionOf({ labelNames: LABELS, instructions: 'Is it so?' });
  await saveModel(join(root, 'asked'), { model, weights, labelNames: LABELS, question: learnt, tokenizerFiles });
  const again = exportModel({ model: join(root, 'asked'), outputDir: join(root, 'other'), question: path });
  await expect(again).rejects.toThrow('question: wanted the one that it has learnt: Is it so?, got another one in');
});

test('a score of a regression has levels alone', async () => {
  const content = 'type: score\ninstructions: How near?\ncriteria: [far, near]';
  expect(await read(content, ['score'], true)).toEqual({
    type: 'score',
    instructions: 'How near?',
    criteria: [
      ['0', 'far'],
      ['1', 'near'],
    ],
  });
  await expect(read('instructions: Which?', ['score'], true)).rejects.toThrow('got type choice');
});

test.each([
  ['{"instructions": ', 'wanted a question in YAML or JSON'],
  ['[]', 'wanted an object of type, instructions, criteria, labels, got none'],
  ['instructions: x\nquestion: y', 'got the key question'],
  ['type: box\ninstructions: x', 'wanted type: choice, noul, boolean, predicate, score, got "box"'],
  ['type: noul', 'wanted instructions: what is asked, got none'],
  [
    'type: noul\ninstructions: x\ncriteria: { yes: 1 }',
    'wanted criteria: descriptions of true and false, got {"yes":1}',
  ],
  ['type: score\ninstructions: x\ncriteria: [one]', 'wanted criteria: a list of two levels or more, got ["one"]'],
  ['type: noul\ninstructions: x', 'labels that say which it is: ham, spam, got true, false'],
  ['type: noul\ninstructions: x\nlabels: { true: spam, false: spam }', 'got spam, spam'],
  ['instructions: x\ncriteria: { ham: null }', 'got ham'],
  ['type: score\ninstructions: x\ncriteria: [a, b, c]\nlabels: [ham, spam, ham]', 'got ham, spam, ham'],
])('%s: %s', async (content, says) => {
  await expect(read(content, ['ham', 'spam'])).rejects.toThrow(says);
});
