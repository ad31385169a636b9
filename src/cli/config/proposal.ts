/** @file What `retort init` proposes for a set of texts, each value with its reason. */

import { formatCount } from '../../errors/number-text.js';
import { CONTROLS_OF_CLASSES } from '../../experiments/distillation/controls.js';
import { METHODS } from '../../methods/table.js';
import { distillUsage } from '../commands/distill/usage.js';
import type { DataFacts } from './data-facts.js';
import type { TOP_LEVEL } from './keys.js';

export type ProposedValue = string | number | boolean | readonly string[];

export type ProposedLine = {
  readonly key: string;
  readonly value: ProposedValue;
  /** Why this value, and which others there are. */
  readonly why: string;
  /** Written as a comment: what may be taken instead, or besides. */
  readonly isOff?: true;
};

export type ProposedSection = {
  readonly section: keyof typeof TOP_LEVEL;
  /** Of `output`, which is a value by itself. */
  readonly value?: ProposedValue;
  readonly why: string;
  readonly lines: readonly ProposedLine[];
};

/** Where the rows are from, as `task` says it. */
export type DataSource = {
  readonly name: string;
  /** Lines of the section `task` that say where the texts, labels and dev split are. */
  readonly lines: readonly ProposedLine[];
  /** Of a data set by name. */
  readonly metric?: string;
  /** Rows of a dev split of its own. */
  readonly devRows?: number;
};

const DEV_SHARE = 0.1;
const [SHORT_TOKENS, MANY_ROWS] = [24, 5_000];
const [LEAST_LENGTH, MOST_LENGTH] = [16, 256];
/** An estimate that is a little low should not cut more rows than it says. */
const ROOM = 1.05;
/** A label with a larger share makes accuracy easy to have. */
const LOPSIDED = 0.75;
const { seeds, controls, smallestEffect } = distillUsage.options;

/** Every key of the result is one of `SECTIONS`, in range. */
export function proposeConfig(facts: DataFacts, source: DataSource): ProposedSection[] {
  const isBilstm = facts.tokens95 <= SHORT_TOKENS && facts.rows >= MANY_ROWS;
  return [
    task(facts, source),
    teacher(facts),
    isBilstm ? bilstmStudent(facts) : encoderStudent(facts),
    method(facts, isBilstm),
    training(facts, isBilstm),
    evidence(facts, source),
    {
      section: 'output',
      value: `outputs/${source.name}`,
      why: 'The teacher, every run, the record and the report.',
      lines: [],
    },
  ];
}

function task(facts: DataFacts, source: DataSource): ProposedSection {
  const { words, tokens95 } = facts;
  const length = Math.min(MOST_LENGTH, Math.max(LEAST_LENGTH, 16 * Math.ceil((ROOM * tokens95) / 16)));
  const cut =
    length < tokens95
      ? `; longer ones are truncated; a higher value, up to 512, truncates fewer and takes more time`
      : '';
  return {
    section: 'task',
    why: '',
    lines: [
      ...source.lines,
      {
        key: 'maxLength',
        value: length,
        why: `Maximum tokens per text. Half of the texts have at most ${words.median} words, 95 % at most ${words.most95} (about ${tokens95} tokens), the longest ${formatCount(words.longest)}${cut}.`,
      },
      metric(facts, source),
    ],
  };
}

function metric({ isRegression, labels, rows }: DataFacts, source: DataSource): ProposedLine {
  const line = (value: string, why: string): ProposedLine => ({ key: 'metric', value, why });
  if (source.metric !== undefined) return line(source.metric, 'Metric of the verdict; usual for this data set.');
  if (isRegression)
    return line('pearson', 'Metric of the verdict: correlation with the scores; or spearman, of ranks.');
  const largest = labels.reduce((most, label) => (label.rows > most.rows ? label : most), { name: '', rows: 0 });
  const share = largest.rows / rows;
  if (share < LOPSIDED) {
    return line(
      'accuracy',
      `Metric of the verdict. The largest label, ${largest.name}, has ${(100 * share).toFixed(0)} % of the rows; or macro_f1, in which all labels have the same weight.`,
    );
  }
  const why = `Metric of the verdict. ${(100 * share).toFixed(0)} % of the rows are ${largest.name}, so accuracy is high for a model that has learnt nothing`;
  // F1 is of the second of two labels, and says little of the larger one.
  return labels.length === 2 && labels[1]?.name !== largest.name
    ? line('f1', `${why}; F1 is of ${labels[1]?.name ?? ''}.`)
    : line('macro_f1', `${why}; macro F1 is the mean over the labels; or matthews.`);
}

function teacher({ rows }: DataFacts): ProposedSection {
  const epochs = passes(rows, 32, { steps: 500, least: 3, most: 6 });
  return {
    section: 'teacher',
    why: 'Fine-tuned once on the training rows, into the folder teacher of the output. Instead: a run or a folder alone (teacher: outputs/mine), a list of several, recorded outputs, or a language model by its url.',
    lines: [
      {
        key: 'model',
        value: 'minilm-l6',
        why: 'Small enough for a laptop (22.7 M parameters). bert-base is stronger and takes about eight times as long.',
      },
      { key: 'epochs', value: epochs, why: `${formatCount(steps(rows, 32) * epochs)} steps of 32 rows.` },
      { key: 'learningRate', value: 3e-5, why: 'Usual for fine-tuning: 2e-5 to 5e-5.' },
    ],
  };
}

function encoderStudent({ rows, tokens95 }: DataFacts): ProposedSection {
  const reason =
    tokens95 > SHORT_TOKENS
      ? `texts of up to ${tokens95} tokens are long for a bilstm`
      : `${formatCount(rows)} rows are few for a bilstm, which starts from words alone`;
  return {
    section: 'student',
    why: '',
    lines: [
      {
        key: 'model',
        value: 'minilm-l6',
        why: `An encoder, since ${reason}. Or bert-tiny, bert-mini, a folder, bilstm.`,
      },
      { key: 'layers', value: 3, why: 'Its first layers: half of the time of six.' },
      {
        key: 'from',
        value: 'pretrained',
        why: 'Or teacher: the same layers of the fine-tuned teacher; or a list, such as [1, 3, 6].',
        isOff: true,
      },
    ],
  };
}

function bilstmStudent({ rows, tokens95 }: DataFacts): ProposedSection {
  return {
    section: 'student',
    why: '',
    lines: [
      {
        key: 'model',
        value: 'bilstm',
        why: `Short texts (95 % have at most about ${tokens95} tokens) and ${formatCount(rows)} rows are enough for it. Or minilm-l6 with layers: 3, which is pre-trained already.`,
      },
      { key: 'hidden', value: 150, why: 'Hidden units per direction, as in Tang et al. 2019.' },
      {
        key: 'embeddings',
        value: 'minilm-l6',
        why: 'Its word embeddings start with those of that encoder; or of a text file such as glove.6B.300d.txt.',
      },
    ],
  };
}

function method({ isRegression }: DataFacts, isBilstm: boolean): ProposedSection {
  const { alpha, temperature } = METHODS.hinton.definition.options;
  const others = isBilstm
    ? 'tang compares the logits themselves.'
    : 'pkd and tinybert compare layers too, and need a student with the tokenizer of the teacher.';
  return {
    section: 'method',
    why: '',
    lines: [
      {
        key: 'name',
        value: 'hinton',
        why: `The teacher's ${isRegression ? 'scores' : 'probabilities'}, for any pair of models. ${others}`,
      },
      {
        key: 'alpha',
        value: alpha.default,
        why: `Weight of the teacher; the ${isRegression ? 'scores of the data' : 'labels'} get the rest.`,
      },
      ...(isRegression
        ? []
        : [
            {
              key: 'temperature',
              value: temperature.default,
              why: 'Above 1 it shows how the teacher ranks the wrong labels.',
            },
          ]),
    ],
  };
}

function training({ rows }: DataFacts, isBilstm: boolean): ProposedSection {
  const batch = isBilstm ? 64 : 32;
  const epochs = isBilstm
    ? passes(rows, batch, { steps: 3_000, least: 5, most: 30 })
    : passes(rows, batch, { steps: 1_000, least: 3, most: 10 });
  const few = epochs > 4 ? 'Many epochs, because there are few rows' : 'Few epochs, because there are many rows';
  return {
    section: 'training',
    why: '',
    lines: [
      {
        key: 'epochs',
        value: epochs,
        why: `${few}: ${formatCount(steps(rows, batch) * epochs)} steps of ${batch} rows per run.`,
      },
      {
        key: 'learningRate',
        value: isBilstm ? 1e-3 : 5e-5,
        why: isBilstm
          ? 'Usual for Adam and a new model.'
          : "Slightly higher than the teacher's: a shallow model tolerates it. Try 3e-5 and 1e-4.",
      },
      { key: 'batchSize', value: batch, why: 'Rows per batch.', isOff: true },
    ],
  };
}

function evidence(facts: DataFacts, { devRows }: DataSource): ProposedSection {
  const rows = devRows ?? Math.round(DEV_SHARE * facts.rows);
  const ofClasses: readonly string[] = facts.isRegression ? CONTROLS_OF_CLASSES : [];
  const names = controls.default.split(',').filter((name) => !ofClasses.includes(name));
  const arms = names.length + 1;
  const point = 100 / Math.max(1, rows);
  const least = Math.max(smallestEffect.default, Math.ceil(10 * point) / 10);
  return {
    section: 'evidence',
    why: 'Control arms: the same student without the teacher and a linear model, on the same seeds.',
    lines: [
      {
        key: 'seeds',
        value: seeds.default,
        why: `${seeds.default * arms} runs in all. More can be added later: --resume --seeds 10.`,
      },
      {
        key: 'controls',
        value: names,
        why: facts.isRegression
          ? 'Control arms. Without the last it takes two thirds of the time, and cannot tell whether the teacher outputs helped.'
          : 'Control arms. Without the last two it takes half of the time, and cannot tell whether soft targets helped.',
      },
      {
        key: 'smallestEffect',
        value: least,
        why: facts.isRegression
          ? 'Smallest gain of interest, in points of the metric (times 100).'
          : `Smallest gain of interest, in points. One of about ${formatCount(rows)} validation rows is ${point.toPrecision(2)} points.`,
      },
    ],
  };
}

function steps(rows: number, batch: number): number {
  return Math.max(1, Math.ceil(rows / batch));
}

/** As many passes as make so many steps, within bounds. */
function passes(rows: number, batch: number, wanted: { steps: number; least: number; most: number }): number {
  return Math.min(wanted.most, Math.max(wanted.least, Math.ceil(wanted.steps / steps(rows, batch))));
}
