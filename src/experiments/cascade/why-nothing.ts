import { formatCount } from '../../errors/number-text.js';
import type { CertifiedStudent } from './certify-student.js';

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
