/** @file The question that the student of these checks has learnt, and its recorded outputs. */
import { writeFileSync } from 'node:fs';

export const INSTRUCTIONS = 'Which team should get this message?';
export const CRITERIA = { billing: 'money, invoices, refunds', tech: null };

const SUBJECTS = {
  billing: ['My card', 'The invoice', 'The refund', 'My payment'],
  tech: ['The app', 'My screen', 'The page'],
};
const VERBS = ['was charged', 'is missing', 'does not load', 'came late', 'shows an error', 'was taken'];
const ENDS = ['twice', 'since Monday', 'after the update', 'again', 'and nobody answers', 'today'];

const ROWS = Object.entries(SUBJECTS).flatMap(([label, subjects]) =>
  subjects.flatMap((subject) =>
    VERBS.flatMap((verb) => ENDS.map((end) => ({ label, text: `${subject} ${verb} ${end}` }))),
  ),
);
export const TEXTS = ROWS.map(({ text }) => text);

export function writeLabels(path) {
  const question = { type: 'choice', instructions: INSTRUCTIONS, criteria: Object.entries(CRITERIA) };
  const lines = ROWS.map(({ label, text }) => {
    const probabilities = Object.fromEntries(Object.keys(CRITERIA).map((one) => [one, one === label ? 0.9 : 0.1]));
    return JSON.stringify({ text, probabilities, question });
  });
  writeFileSync(path, `${lines.join('\n')}\n`);
}
