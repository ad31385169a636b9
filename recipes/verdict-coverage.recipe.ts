/**
 * @file Does the verdict hold what it says of texts like those that were scored? Simulated experiments of two arms that are
 * equally good: how often the 95 % interval holds the true difference, 0, and how often BETTER is said; beside it the same
 * of the interval over seeds alone. 20,000 experiments a cell; writes `results/verdict-coverage.json`.
 *
 *   npm run recipe -- verdict-coverage [--experiments 20000] [--out results/verdict-coverage.json]
 *
 * Row r is answered right by arm a on seed s with the probability of a logit: level + row + (arm × row) + (arm × seed), the
 * effects normal, all drawn anew for each experiment. What is left is the toss of that coin, row by row.
 */
import { parseArgs } from 'node:util';
import { judge, rowsError } from '../src/entries/experiments.js';
import { lowbias32, RandomStream, streamKey } from '../src/entries/tensor.js';
import { keptJson } from './kept-json.js';
import { writeFileAtomic } from './write-file.js';

/** Standard deviations on the logit. */
export type Components = {
  readonly level: number;
  readonly row: number;
  readonly armByRow: number;
  readonly armBySeed: number;
};

/**
 * Between them they span what the results here have, in points: the arm × row effect that is left over infinitely many seeds is
 * 4 (three layers of MiniLM) to 20 (the BiLSTM), and a pair of seeds differs by 0.4 to 1.6.
 */
export const COMPONENTS: Readonly<Record<string, Components>> = {
  'rows differ little': { level: 1.9, row: 2.5, armByRow: 0.35, armBySeed: 0.06 },
  'rows differ much': { level: 1.9, row: 2.5, armByRow: 1.7, armBySeed: 0.09 },
  'seeds differ much': { level: 1.9, row: 2.5, armByRow: 1, armBySeed: 0.15 },
};
const SEEDS = [3, 5, 10, 20];
const ROWS = [200, 872, 5000];

/** 16 bits. */
const LOW = 0xffff;
/** What normal effects are drawn from. */
const normals = new RandomStream(1, 'normals');
const NORMALS = Float64Array.from({ length: LOW + 1 }, () => normals.normal());

export type Cell = {
  readonly components: string;
  readonly seeds: number;
  readonly rows: number;
  readonly experiments: number;
  /** Shares of the experiments. */
  readonly covered: number;
  readonly better: number;
  readonly overSeedsAlone: { readonly covered: number; readonly better: number };
  /** Means over the experiments, in points. */
  readonly fromSeeds: number;
  readonly fromRows: number;
};

export type CoverageResults = { readonly components: object; readonly cells: readonly Cell[] };

/** Runs the experiments of one cell; the same numbers give the same cell. */
export function simulate(components: string, seeds: number, rows: number, experiments: number): Cell {
  const { level, row, armByRow, armBySeed } = COMPONENTS[components] as Components;
  const key = streamKey(1, `coverage/${components}/${seeds}/${rows}`);
  let drawn = 0;
  const bits = (): number => lowbias32(drawn++ ^ key);
  // exp(−logit) is a product of what row, arm × row and arm × seed add.
  const [ofRow, ofArmByRow, ofArmBySeed] = [
    NORMALS.map((normal) => Math.exp(-level - row * normal)),
    NORMALS.map((normal) => Math.exp(armByRow * normal)),
    NORMALS.map((normal) => Math.exp(armBySeed * normal)),
  ];
  const counts = { covered: 0, better: 0, coveredBySeeds: 0, betterBySeeds: 0, fromSeeds: 0, fromRows: 0 };
  const [first, second] = [new Float64Array(rows), new Float64Array(rows)];
  const table = Array.from({ length: seeds }, () => new Int8Array(rows));
  for (let experiment = 0; experiment < experiments; experiment++) {
    for (let r = 0; r < rows; r++) {
      const common = ofRow[bits() & LOW] as number;
      const arms = bits();
      first[r] = common * (ofArmByRow[arms & LOW] as number);
      second[r] = common * (ofArmByRow[arms >>> 16] as number);
    }
    const scores: number[] = [];
    const otherScores: number[] = [];
    for (const differences of table) {
      const arms = bits();
      const [a, b] = [ofArmBySeed[arms & LOW] as number, ofArmBySeed[arms >>> 16] as number];
      let [right, otherRight] = [0, 0];
      for (let r = 0; r < rows; r++) {
        // right with probability 1 / (1 + exp(−logit)), each arm by 16 bits of its own
        const coins = bits();
        const is = ((coins & LOW) + 0.5) * (1 + a * (first[r] as number)) < LOW + 1 ? 1 : 0;
        const other = ((coins >>> 16) + 0.5) * (1 + b * (second[r] as number)) < LOW + 1 ? 1 : 0;
        right += is;
        otherRight += other;
        differences[r] = is - other;
      }
      scores.push((100 * right) / rows);
      otherScores.push((100 * otherRight) / rows);
    }
    const gain = judge({
      ...{ arm: 'kd', over: 'no-teacher', scores, otherScores },
      rows: { count: rows, error: 100 * rowsError(table) },
    });
    const { mean, low = 0, high = 0, fromSeeds = 0, fromRows = 0 } = gain;
    counts.fromSeeds += fromSeeds;
    counts.fromRows += fromRows;
    if (low <= 0 && high >= 0) counts.covered += 1;
    if (gain.verdict === 'BETTER') counts.better += 1;
    if (Math.abs(mean) <= fromSeeds) counts.coveredBySeeds += 1;
    if (mean > fromSeeds) counts.betterBySeeds += 1;
  }
  const share = (count: number) => Number((count / experiments).toFixed(5));
  return {
    ...{ components, seeds, rows, experiments },
    covered: share(counts.covered),
    better: share(counts.better),
    overSeedsAlone: { covered: share(counts.coveredBySeeds), better: share(counts.betterBySeeds) },
    fromSeeds: Number((counts.fromSeeds / experiments).toFixed(2)),
    fromRows: Number((counts.fromRows / experiments).toFixed(2)),
  };
}

/** Shares in percent: of the verdict, and in brackets of seeds alone. */
export function coverageTable(cells: readonly Cell[]): string {
  const percent = (share: number) => (100 * share).toFixed(1);
  const lines = cells.map(({ components, seeds, rows, covered, better, overSeedsAlone, fromSeeds, fromRows }) => {
    const both = [
      `${percent(covered)} (${percent(overSeedsAlone.covered)})`,
      `${percent(better)} (${percent(overSeedsAlone.better)})`,
    ];
    return `| ${[components, seeds, rows, ...both, `± ${fromSeeds}`, `± ${fromRows}`].join(' | ')} |`;
  });
  return [
    '| | seeds | rows | interval holds the truth, % | BETTER without an effect, % | from seeds | from rows |',
    '|---|---:|---:|---:|---:|---:|---:|',
    ...lines,
    '',
  ].join('\n');
}

export async function main(args: readonly string[]): Promise<void> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      experiments: { type: 'string', default: '20000' },
      out: { type: 'string', default: 'results/verdict-coverage.json' },
    },
  });
  // Finished cells are kept; the quick ones come first.
  const cells: Cell[] = [...keptJson<Pick<CoverageResults, 'cells'>>(values.out, { cells: [] }).cells];
  for (const rows of ROWS) {
    for (const components of Object.keys(COMPONENTS)) {
      for (const seeds of SEEDS) {
        if (cells.some((cell) => cell.components === components && cell.seeds === seeds && cell.rows === rows))
          continue;
        cells.push(simulate(components, seeds, rows, Number(values.experiments)));
        console.log(JSON.stringify(cells.at(-1)));
        await writeFileAtomic(values.out, `${JSON.stringify({ components: COMPONENTS, cells }, null, 1)}\n`);
      }
    }
  }
}
