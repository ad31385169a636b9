/** @file What is wrong with the labels of a run: missing, or too few to learn from. */
import type { Dataset } from '../../data/dataset.js';
import type { TextTable } from '../../data/text-table.js';
import type { MetricName } from '../../metrics/table.js';
import { NO_LABEL } from '../../tensor/no-label.js';
import type { Warning } from './warning.js';

/** Up to so many names are shown. */
const SHOWN_LABELS = 5;

/** What the labels of texts tell. */
export function labelWarnings(train: TextTable, evaluation?: TextTable): Warning[] {
  return [...rareLabels(train), ...(evaluation === undefined ? [] : unseenLabels(train, evaluation))];
}

/** Whether there is anything to score. */
export function noLabelsWarnings(data: Dataset, metrics: readonly MetricName[]): Warning[] {
  if (metrics.length === 0 || hasTargets(data)) return [];
  return [
    {
      name: 'no-labels',
      text: `${metrics.join(', ')} of ${data.name} cannot be told: none of its ${data.size} rows has a label or score`,
      fix: 'evaluate on labelled rows, or switch the evaluation off',
    },
  ];
}

function hasTargets(data: Dataset): boolean {
  const { labels, scores } = data.text?.table ?? {};
  if (labels?.some((label) => label !== NO_LABEL) || scores?.some((score) => !Number.isNaN(score))) return true;
  if (labels !== undefined || scores !== undefined) return false;
  // Rows that are no texts have labels all or none, and so have texts with a label for each token.
  const first = data.batch([0]);
  return first.labels !== undefined || first.scores !== undefined;
}

/** Rows of each label; undefined without labels. */
function countsOf({ labels, labelNames }: TextTable): number[] | undefined {
  if (labels === undefined || labelNames.length === 0) return undefined;
  const counts = labelNames.map(() => 0);
  for (const label of labels) if (label >= 0) counts[label] = (counts[label] ?? 0) + 1;
  return counts;
}

function rareLabels(train: TextTable): Warning[] {
  const rare = train.labelNames.filter((_, label) => countsOf(train)?.[label] === 1);
  if (rare.length === 0) return [];
  return [
    {
      name: 'rare-labels',
      text: `${list(rare)} ${rare.length === 1 ? 'has' : 'have'} one row each in ${train.name}`,
      fix: 'collect more rows of them, join them with others, or leave them out',
    },
  ];
}

function unseenLabels(train: TextTable, evaluation: TextTable): Warning[] {
  const seen = countsOf(train);
  const asked = countsOf(evaluation);
  if (seen === undefined || asked === undefined) return [];
  const unseen = evaluation.labelNames.filter((_, label) => (asked[label] ?? 0) > 0 && !((seen[label] ?? 0) > 0));
  if (unseen.length === 0) return [];
  const rows = evaluation.labelNames.reduce(
    (sum, name, label) => sum + (unseen.includes(name) ? (asked[label] ?? 0) : 0),
    0,
  );
  return [
    {
      name: 'unseen-labels',
      text: `${rows} of the ${evaluation.size} rows of ${evaluation.name} are labelled ${list(unseen)}, which no row of ${train.name} is`,
      fix: 'check that both were labelled alike; a label that is not learned can only be got wrong',
    },
  ];
}

function list(names: readonly string[]): string {
  const shown = names.slice(0, SHOWN_LABELS).map((name) => `'${name}'`);
  return names.length > SHOWN_LABELS ? `${shown.join(', ')} and ${names.length - SHOWN_LABELS} more` : shown.join(', ');
}
