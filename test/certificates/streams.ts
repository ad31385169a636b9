import { type Audit, audited } from '../../src/certificates/audit.js';
import type { RandomStream } from '../../src/tensor/random.js';

/** When a student that is wrong at a rate is stopped, if ever. */
export function stoppedAt(rate: number, random: RandomStream, length = 10_000, bound = { risk: 0.02, delta: 0.05 }) {
  let audit: Audit | undefined;
  for (let i = 0; i < length && audit?.stoppedAt === undefined; i++)
    audit = audited(bound, audit, random.uniform() < rate);
  return audit?.stoppedAt;
}
