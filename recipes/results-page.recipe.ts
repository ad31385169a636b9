/**
 * @file Fills the tables of `docs/results.md`, `docs/evidence.md` and `docs/certificates.md` from `results/`: what stands between `<!-- results: NAME -->` and
 * `<!-- end -->` is what `retort report` says of `results/NAME.json`, and the latencies that the recipe took. Draws the
 * losses of the methods from `results/text-methods.json` into `docs/images/methods/`.
 *
 *   npm run recipe -- results-page
 */
import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { readExperimentRecord } from '../src/entries/experiments.js';
import { reportMarkdown } from '../src/entries/report.js';
import { type CertifiedCoverage, certifiedCoverageTable } from './certified-coverage.recipe.js';
import { type CrossFittedResults, crossFittedTable } from './cross-fitted.recipe.js';
import { type Families, familyGainTable, familyTable } from './family-figures.js';
import { type FamilyPeerRun, familyPeersCostTable, familyPeersTable } from './family-peers.recipe.js';
import { type FamilySpeed, familySpeedTable } from './family-speed.js';
import { type FewLabelsCell, fewLabelsTable } from './few-labels-figures.js';
import { type GuaranteeCell, guaranteeTable } from './guarantee.recipe.js';
import { type LinearBaseline, linearBaselineTable } from './linear-baseline.recipe.js';
import { entryOf, lossFigure, methodTable, multiTaskTable, takdTable } from './method-results.js';
import type { MultiTaskResults } from './multi-task.recipe.js';
import { type Proposals, proposalsTable } from './proposals.recipe.js';
import type { TakdResults } from './takd-mnist.recipe.js';
import { teacherSearchTable } from './teacher-search.recipe.js';
import type { MethodResult, MethodResults } from './text-methods.recipe.js';
import { type CoverageResults, coverageTable } from './verdict-coverage.recipe.js';
import { figuresFrom, whatToUseTable, main as writeFigures } from './what-to-use.recipe.js';
import { writeFileAtomic } from './write-file.js';

export const PAGES = ['docs/results.md', 'docs/evidence.md', 'docs/certificates.md'];
const FIGURES = 'docs/images/methods';
const METHODS_RUN = 'text-methods';
const TAKD = 'takd-mnist';
const MULTI_TASK = 'multi-task';
const COVERAGE = 'verdict-coverage';
const LINEAR = 'linear-baseline';
const FAMILIES = 'families';
const FAMILY_GAINS = 'family-gains';
const FAMILY_SPEED = 'family-speed';
const GUARANTEE = 'guarantee';
const CERTIFIED = 'certified-coverage';
const FEW_LABELS = 'few-labels';
const CROSS_FITTED = 'cross-fitted';
const PROPOSALS = 'proposals';
const WHAT_TO_USE = 'what-to-use';
const TEACHER_SEARCH = 'teacher-search';
const PEERS = 'family-peers';
/** A second table of the same results. */
const PEERS_COST = `${PEERS}-cost`;
const BLOCK = /(<!-- results: ([\w-]+) -->\n)[\s\S]*?(<!-- end -->)/g;

type Latencies = Readonly<Record<string, Readonly<Record<string, number>>>>;

function methodsIn(folder: string): MethodResults {
  return JSON.parse(readFileSync(join(folder, `${METHODS_RUN}.json`), 'utf8')) as MethodResults;
}

async function blockOf(folder: string, name: string): Promise<string> {
  if (name === METHODS_RUN) return methodTable(methodsIn(folder));
  const read = (file = name): unknown => JSON.parse(readFileSync(join(folder, `${file}.json`), 'utf8'));
  if (name === WHAT_TO_USE) return whatToUseTable(await figuresFrom(folder));
  if (name === FAMILIES) return familyTable(read() as Families);
  if (name === FAMILY_GAINS) return familyGainTable(read(FAMILIES) as Families);
  if (name === FAMILY_SPEED) return familySpeedTable(read() as readonly FamilySpeed[]);
  if (name === PEERS) return familyPeersTable(read() as readonly FamilyPeerRun[]);
  if (name === PEERS_COST) return familyPeersCostTable(read(PEERS) as readonly FamilyPeerRun[]);
  if (name === GUARANTEE) return guaranteeTable(read() as readonly GuaranteeCell[]);
  if (name === CERTIFIED) return certifiedCoverageTable(read() as CertifiedCoverage);
  if (name === FEW_LABELS) return fewLabelsTable(read() as readonly FewLabelsCell[]);
  if (name === PROPOSALS) return proposalsTable(read() as Proposals);
  if (name === TEACHER_SEARCH) return teacherSearchTable(folder);
  if (name === CROSS_FITTED) return crossFittedTable(read() as CrossFittedResults);
  if (name === TAKD) return takdTable(read() as TakdResults);
  if (name === LINEAR) return linearBaselineTable(read() as readonly LinearBaseline[]);
  if (name === MULTI_TASK) return multiTaskTable(read() as MultiTaskResults);
  if (name === COVERAGE) return coverageTable((read() as CoverageResults).cells);
  const latencies = JSON.parse(readFileSync(join(folder, 'latency.json'), 'utf8')) as Latencies;
  const shown = Object.entries(latencies[name] ?? {}).map(([model, ms]) => `${model} ${ms.toFixed(1)} ms`);
  const latency = shown.length === 0 ? '' : `\nLatency (p50) at batch size 1, ONNX, one thread: ${shown.join(', ')}.\n`;
  return `${reportMarkdown(await readExperimentRecord(join(folder, `${name}.json`)))}${latency}`;
}

/** The page with its tables made anew. */
export async function filledPage(page: string, folder = 'results'): Promise<string> {
  const names = Array.from(page.matchAll(BLOCK), ([, , name = '']) => name);
  const blocks = new Map<string, string>();
  for (const name of names) blocks.set(name, await blockOf(folder, name));
  return page.replace(BLOCK, (_, begin: string, name: string, end: string) => `${begin}\n${blocks.get(name)}\n${end}`);
}

/** The pictures of the methods that were run, by their names. */
export function lossFigures(folder = 'results'): ReadonlyMap<string, string> {
  const results = methodsIn(folder);
  const methods = new Set(Object.values(results.methods).map(({ entry }) => entry.method));
  return new Map(
    Array.from(methods, (method) => {
      const result = entryOf(method, results) as MethodResult; // one of those that the names are from
      return [method, lossFigure(`Terms of the loss of ${method}`, result)] as const;
    }),
  );
}

export async function main(): Promise<void> {
  mkdirSync(FIGURES, { recursive: true });
  for (const [method, figure] of lossFigures()) await writeFileAtomic(join(FIGURES, `${method}.svg`), figure);
  await writeFigures();
  for (const page of PAGES) await writeFileAtomic(page, await filledPage(readFileSync(page, 'utf8')));
}
