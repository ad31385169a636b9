/** Records of experiments on texts as real ones are, made in code: few and many classes, long texts, pairs, scores. */
import { textOf } from '../../src/experiments/distillation/distillation-evidence.js';
import { BY_TEACHER, evidenceOf, scoreEvidenceOf } from '../../src/experiments/evidence.js';
import type { Evidence, EvidenceExample, ExperimentRecord } from '../../src/experiments/experiment-record.schema.js';
import { argmax, softmax } from '../../src/tensor/logits.js';
import { neverSeenRecord, primerRecord, smallRecord } from './records.js';

const EMOTIONS = ['anger', 'joy', 'optimism', 'sadness', 'surprise', 'embarrassment'];
const INFERENCE = ['ENTAILMENT', 'NEUTRAL', 'CONTRADICTION'];
const FEELINGS = (
  'admiration amusement anger annoyance approval caring confusion curiosity desire disappointment disapproval disgust ' +
  'embarrassment excitement fear gratitude grief joy love nervousness optimism pride realization relief remorse sadness ' +
  'surprise neutral'
).split(' ');
const LONG_INTENTS = [
  'balance_not_updated_after_cheque_or_cash_deposit',
  'transfer_not_received_by_recipient',
  'wrong_exchange_rate_for_cash_withdrawal',
  'Refund_not_showing_up',
  'verify_source_of_funds',
];
const INTENTS = [
  ...LONG_INTENTS,
  ...['card', 'transfer', 'top_up', 'cash', 'exchange', 'pin', 'direct_debit', 'passcode', 'cheque'].flatMap((thing) =>
    ['arrival', 'not_working', 'charge', 'declined', 'limits', 'pending', 'reverted', 'by_mistake'].map(
      (what) => `${thing}_${what}`,
    ),
  ),
];

const SHORT_TEXTS = [
  'I was over the moon until I read the small print, and now I only want my money back.',
  'Well.',
  '@user Nothing like a rainy Monday to remind you that the boiler is still broken 😡😡 #fml',
  'It is what it is, they said; it wasn’t.',
];
const LONG_TEXT =
  'The first half hour promises a thriller, and the leads are as good as anything this year. Then the plot stops for ' +
  'a flashback inside a flashback, somebody explains the ending to somebody who already knows it, and an otherwise ' +
  'careful film throws its one idea away. http://example.org/a-review-with-a-very-long-address/that-nothing-breaks/0123456789abcdefghij ' +
  'Still: the last shot, silent and far too long, is worth the ticket on its own, and I have thought of little else since. ';

/** Minimal standard generator. */
function seededRandom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state * 48_271) % (2 ** 31 - 1);
    return state / (2 ** 31 - 1);
  };
}

/** Logits that favour the right class by so much, [rows * classes], with neighbours that are easily taken for it. */
function logitsOf(labels: readonly number[], classes: number, margin: number, seed: number): Float32Array {
  const random = seededRandom(seed);
  return Float32Array.from(
    labels.flatMap((label) =>
      Array.from({ length: classes }, (_, c) => {
        const near = Math.abs(c - label) === 1 ? margin * 0.6 : 0;
        return (c === label ? margin : near) + 3 * random();
      }),
    ),
  );
}

type ExampleParts = Pick<EvidenceExample, 'text'>;

function classEvidence(classes: readonly string[], partsOf: (row: number) => ExampleParts): Evidence {
  const labels = Array.from({ length: Math.max(400, 12 * classes.length) }, (_, row) => row % classes.length);
  const answers = new Map(
    Object.entries({ [BY_TEACHER]: 4, hinton: 2.5, 'no-teacher': 1.8 }).map(([by, margin], i) => {
      const logits = logitsOf(labels, classes.length, margin, i + 1);
      const rows = labels.map((_, row) => logits.subarray(row * classes.length, (row + 1) * classes.length));
      return [
        by,
        {
          logits,
          classes: Int32Array.from(rows, (row) => argmax(row)),
          probabilities: Float32Array.from(rows.flatMap((row) => softmax(row))),
        },
      ];
    }),
  );
  const exampleOf = (row: number) => ({ id: String(row), label: labels[row] as number, ...partsOf(row) });
  return evidenceOf({ ...{ answers, classes, labels, exampleOf, seed: 1 }, arm: 'hinton', over: 'no-teacher' });
}

function textRecord(evidence: Evidence, more: Partial<ExperimentRecord> = {}): ExperimentRecord {
  const record = smallRecord([80.2, 81.1, 80.7], [79.9, 79.4, 80.1]);
  return {
    ...record,
    name: 'distillation',
    question: 'Does the teacher help a bert of three layers on tweets dev, or would the same training without it do?',
    command:
      'retort distill tweets.csv --text tweet --label feeling --teacher outputs/teacher --model bert --layers 3 --method hinton --seeds 3',
    teacher: { name: 'outputs/teacher', score: 84.31, parameters: 22_713_988, isPerSeed: false },
    data: { train: { name: 'tweets train', rows: 3257 }, evaluation: { name: 'tweets dev', rows: 400 } },
    warnings: [
      { name: 'truncation', text: '304 of the 3,257 texts are longer than 128 tokens', fix: '--max_length 256' },
    ],
    arms: record.arms.map((arm) => ({
      ...arm,
      name: arm.name === 'kd' ? 'hinton' : arm.name,
      description: arm.name === 'kd' ? 'the teacher, by the method' : 'labels alone, the same training',
      metrics: { accuracy: arm.scores, macro_f1: arm.scores.map((score) => score - 11.3) },
    })),
    gains: record.gains.map((gain) => ({ ...gain, arm: 'hinton' })),
    ...(record.headline && { headline: { ...record.headline, arm: 'hinton' } }),
    evidence,
    ...more,
  };
}

/** Arms and comparisons whose names are as long as assistants and controls make them. */
function withLongNames(record: ExperimentRecord): ExperimentRecord {
  const name = (arm: string) => (arm === 'no-teacher' ? 'shuffled-teacher-of-assistant-2' : arm);
  return {
    ...record,
    arms: record.arms.map((arm) => ({ ...arm, name: name(arm.name) })),
    gains: record.gains.map((gain) => ({ ...gain, over: name(gain.over) })),
  };
}

const shortText = (row: number) => ({ text: SHORT_TEXTS[row % SHORT_TEXTS.length] ?? '' });

function regression(): Evidence {
  const random = seededRandom(7);
  const scores = Float32Array.from({ length: 300 }, () => 5 * random());
  const answers = new Map(
    Object.entries({ [BY_TEACHER]: 0.4, hinton: 0.9, 'no-teacher': 1.2 }).map(([by, noise]) => {
      const logits = scores.map((score) => score + noise * (random() - 0.5));
      return [by, { logits, classes: new Int32Array(300), probabilities: new Float32Array(0) }];
    }),
  );
  // One prediction that is nothing but rounding.
  answers.get('hinton')?.logits.set([-3e-7], 4);
  const exampleOf = (row: number) => ({
    id: `pair-${row}`,
    score: scores[row] as number,
    text: textOf(SHORT_TEXTS[0] ?? '', LONG_TEXT),
  });
  return scoreEvidenceOf({ answers, scores, exampleOf, seed: 1, arm: 'hinton', over: 'no-teacher' });
}

/** By name: what reports have to be readable with. */
export function reportFixtures(): Readonly<Record<string, ExperimentRecord>> {
  const pairText = (row: number) => ({
    text: textOf(
      row % 3 === 0 ? LONG_TEXT : 'A man in a blue shirt is standing on a ladder cleaning a window.',
      'Somebody is asleep.',
    ),
  });
  return {
    digits: primerRecord(),
    'never-seen': neverSeenRecord(),
    'classes-2': withLongNames(textRecord(classEvidence(['negative', 'positive'], shortText))),
    'classes-6': textRecord(classEvidence(EMOTIONS, shortText)),
    'classes-28': textRecord(classEvidence(FEELINGS, shortText)),
    'classes-77': textRecord(classEvidence(INTENTS, shortText)),
    'long-texts': textRecord(classEvidence(['negative', 'positive'], () => ({ text: LONG_TEXT }))),
    pairs: textRecord(classEvidence(INFERENCE, pairText)),
    regression: textRecord(regression(), { metric: 'pearson' }),
  };
}
