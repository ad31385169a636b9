import { jsonHash } from '../files/json-hash.js';
import type { Question } from '../options/question.js';

/** SHA-256 of a question in its one form (`questionOf`): what requests, students and certificates are matched by. */
export function questionHash({ type, instructions, criteria }: Question): string {
  return jsonHash([type, instructions, criteria]);
}
