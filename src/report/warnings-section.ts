/** @file What the checks found wrong with an experiment, below its verdict. */
import { shortened } from '../errors/shortened.js';
import type { ExperimentRecord } from '../experiments/experiment-record.schema.js';
import { html, type Markup } from './markup.js';
import { listed } from './words.js';

const MOST_WARNINGS = 30;
const MOST_CHARACTERS = 600;

type StoredWarning = NonNullable<ExperimentRecord['warnings']>[number];

/** @returns undefined where nothing was found. */
export function warningsSection({ warnings = [] }: ExperimentRecord): Markup | undefined {
  if (warnings.length === 0) return undefined;
  const more = warnings.length - MOST_WARNINGS;
  return html`<section aria-labelledby="warnings"><h2 id="warnings">Warnings</h2>
<ul>${warnings
    .slice(0, MOST_WARNINGS)
    .map(
      ({ name, text, fix, ...place }) =>
        html`<li><strong>${name}</strong> ${warningPlace(place)} ${shortened(text, MOST_CHARACTERS)}. <span class="soft">${shortened(fix, MOST_CHARACTERS)}.</span></li>`,
    )}</ul>
${more > 0 && html`<p>And ${more} more in the record.</p>`}
</section>`;
}

/** `in no-teacher, seeds 1 and 2:`, or a mark alone for what is so of all runs. */
export function warningPlace({ arm, seeds = [] }: Pick<StoredWarning, 'arm' | 'seeds'>): string {
  if (arm === undefined) return '·';
  return `in ${arm}, ${seeds.length === 1 ? 'seed' : 'seeds'} ${listed(seeds.map(String))}:`;
}
