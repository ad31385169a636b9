/** @file What a certificate says, in words. */
import type { Certificate } from '../../certificates/certificate.schema.js';
import type { QuestionType } from '../../options/question.js';

/** What is said, of a certificate or of the result that it is made of. */
export type Stated = Pick<
  Certificate,
  'risk' | 'delta' | 'truth' | 'students' | 'round' | 'threshold' | 'score' | 'question'
>;

/** The statement that was proved. */
export function statementOf({ risk, delta, truth, students, round, threshold, score, question }: Stated): string {
  const wrong =
    truth.kind === 'labels'
      ? 'have another label than the student says'
      : `get another label than ${truth.model} chooses`;
  const bounds = [
    ...(risk.kept === undefined ? [] : [`at most ${share(risk.kept)} of the requests that it keeps`]),
    ...(risk.all === undefined ? [] : [`at most ${share(risk.all)} of all requests`]),
  ].join(', and ');
  const scope = [
    ...(students > 1 ? [`for all of ${students} students on these rows`] : []),
    ...(round === null ? [] : [`for all certificates of a series, of which this is number ${round}`]),
  ].join(', ');
  const sure = score.kind === 'ranker' ? 'whose score is' : 'whose label has a probability of';
  return (
    `if these rows are a random sample of the requests to come, then with ${share(1 - delta)} confidence${scope === '' ? '' : `, ${scope},`} ` +
    `${bounds} ${wrong}, where the student keeps those ${sure} ${threshold.toFixed(6)} or more.${UNSAID[question.type]}`
  );
}

/** What an answer has besides its label is not certified. */
const UNSAID: Readonly<Record<QuestionType, string>> = {
  choice: '',
  noul: ' The label is true where the probability is at least one half; of the probability itself nothing is said.',
  score: ' The label is the most likely level; of the mean that is the score nothing is said.',
};

function share(value: number): string {
  return `${Number((100 * value).toFixed(4))} %`;
}
