/**
 * @file Fills the tables of `docs/results.md` from `results/`: what stands between `<!-- results: NAME -->` and
 * `<!-- end -->` is what `retort report` says of `results/NAME.json`, and the latencies that the recipe took.
 *
 *   npm run recipe -- results-page
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { readExperimentRecord } from '../src/experiments/experiment-record.js';
import { writeFileAtomic } from '../src/files/atomic-write.js';
import { reportMarkdown } from '../src/report/markdown.js';

const PAGE = 'docs/results.md';
const BLOCK = /(<!-- results: ([\w-]+) -->\n)[\s\S]*?(<!-- end -->)/g;

type Latencies = Readonly<Record<string, Readonly<Record<string, number>>>>;

async function blockOf(folder: string, name: string): Promise<string> {
  const latencies = JSON.parse(readFileSync(join(folder, 'latency.json'), 'utf8')) as Latencies;
  const shown = Object.entries(latencies[name] ?? {}).map(([model, ms]) => `${model} ${ms.toFixed(1)} ms`);
  const latency =
    shown.length === 0 ? '' : `\nOne sentence at a time, ONNX, one thread, median: ${shown.join(', ')}.\n`;
  return `${reportMarkdown(await readExperimentRecord(join(folder, `${name}.json`)))}${latency}`;
}

/** The page with its tables made anew. */
export async function filledPage(page: string, folder = 'results'): Promise<string> {
  const names = Array.from(page.matchAll(BLOCK), ([, , name = '']) => name);
  const blocks = new Map<string, string>();
  for (const name of names) blocks.set(name, await blockOf(folder, name));
  return page.replace(BLOCK, (_, begin: string, name: string, end: string) => `${begin}\n${blocks.get(name)}\n${end}`);
}

export async function main(): Promise<void> {
  await writeFileAtomic(PAGE, await filledPage(readFileSync(PAGE, 'utf8')));
}
