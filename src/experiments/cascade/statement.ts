/** @file What a certificate says, in words. */

import type { Certificate } from '../../certificates/certificate.schema.js';
import { formatCount } from '../../errors/number-text.js';
import type { CertifiedStudent } from './certify-student.js';

/** What is said, of a certificate or of the result that it is made of. */
export type Stated = Pick<Certificate, 'risk' | 'delta' | 'truth' | 'students' | 'round' | 'threshold' | 'score'>;

/** The statement that was proved. */
export function statementOf({ risk, delta, truth, students, round, threshold, score }: Stated): string {
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
    `${bounds} ${wrong}, where the student keeps those ${sure} ${threshold.toFixed(6)} or more.`
  );
}

/** Why nothing could be proved, and what would help. */
export function whyNothing({ certified, sample, fewestRows, risk, scale }: CertifiedStudent): string {
  const lead = `nothing can be certified from these ${formatCount(sample.rows)} rows`;
  const first = certified.tested.find((point) => point.share >= 0.2);
  const { kept = 0, wrong = 0 } = first ?? {};
  const needed = risk.kept === undefined ? sample.rows : kept;
  if (needed < fewestRows) {
    const own = scale.isSetAside ? ', or name other texts for the thresholds (--scale)' : '';
    return `${lead}: without an error it takes ${formatCount(fewestRows)} rows${risk.kept === undefined ? '' : ` that the student keeps, and its strictest threshold keeps ${formatCount(kept)}`}. Ask about more rows, or allow more risk${own}.`;
  }
  return `${lead}: of the ${formatCount(kept)} that the student is surest of ${formatCount(wrong)} are wrong, too many for the bound. A better student, a larger --risk or more rows may do.`;
}

function share(value: number): string {
  return `${Number((100 * value).toFixed(4))} %`;
}
