import { FileError } from '../errors/failures.js';
import { parseJson } from '../files/stored-text.js';
import { isQuestion, type Question } from '../options/question.js';

/** What the teacher of an exported model was asked; undefined where nothing is said. @throws FileError for something else. */
export function questionIn(metadata: ReadonlyMap<string, string>, where: string): Question | undefined {
  const stored = metadata.get('retort.question');
  if (stored === undefined) return undefined;
  const question = parseJson(stored, `${where}: retort.question`);
  if (isQuestion(question)) return question;
  const wanted = 'a question: type, instructions and criteria';
  throw new FileError({ where: `${where}: retort.question`, wanted, got: stored, fix: 'export the model again' });
}
