/**
 * @file Watching a certified student at work: of some answered requests the teacher is asked too, and once its answers can no
 * longer be those of a student within the bound, it stops. The test may be looked at after every request: it is a bet that gains
 * nothing in the long run while the bound holds, so that by Ville's inequality it ever reaches 1 / delta with probability delta
 * at most (Ville 1939; Waudby-Smith & Ramdas 2024, "Estimating means of bounded random variables by betting", section 4).
 */
import { expectShares } from './shares.js';

/** The bets: that the true rate is so many times the bound. */
const BETS = [1.25, 1.5, 2, 3, 5, 10] as const;

export type AuditBound = {
  /** The largest share of answered requests that may be wrong. */
  readonly risk: number;
  /** How often a student that keeps to it may be stopped, ever. */
  readonly delta: number;
};

/** What requests so far add up to: a replay of the log gives the same. */
export type Audit = {
  readonly asked: number;
  readonly wrong: number;
  /** log of what 1 has become; alarm at -log(delta). */
  readonly logWealth: number;
  /** After how many it was stopped; it stays so. */
  readonly stoppedAt?: number;
};

/**
 * M = Σ_j w_j Π_i (q_j / α)^{x_i} ((1 − q_j) / (1 − α))^{1 − x_i}, for bets q_j > α with equal weights; α is the risk.
 * @param before what earlier requests add up to
 * @param isWrong of a request that was chosen without a look at its answer: whether student and teacher differ
 */
export function audited({ risk, delta }: AuditBound, before: Audit | undefined, isWrong: boolean): Audit {
  expectShares({ risk, delta });
  const asked = (before?.asked ?? 0) + 1;
  const wrong = (before?.wrong ?? 0) + (isWrong ? 1 : 0);
  const logWealth = logWealthOf(risk, asked, wrong);
  const stoppedAt = before?.stoppedAt ?? (logWealth >= -Math.log(delta) ? asked : undefined);
  return { asked, wrong, logWealth, ...(stoppedAt !== undefined && { stoppedAt }) };
}

/** It depends on the counts alone, so nothing but these has to be kept. */
function logWealthOf(risk: number, asked: number, wrong: number): number {
  const bets = BETS.map((times) => times * risk).filter((rate) => rate < 1);
  // A bound so high that no bet is left below 1: that all are wrong.
  const rates = bets.length > 0 ? bets : [(1 + risk) / 2];
  const logs = rates.map((rate) => wrong * Math.log(rate / risk) + (asked - wrong) * Math.log((1 - rate) / (1 - risk)));
  const largest = Math.max(...logs);
  return largest + Math.log(logs.reduce((sum, log) => sum + Math.exp(log - largest), 0) / logs.length);
}
