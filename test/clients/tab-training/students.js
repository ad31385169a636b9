// Students of texts, trained by the same lines in Node and in a tab.
import { trainStudent } from 'retort-ml/browser';

const KINDS = {
  ngram: { model: 'ngram' },
  'ngram by steps': { model: 'ngram', solver: 'steps', epochs: 2 },
  static: { model: 'static', embeddingSize: 64, epochs: 4 },
  'static with teacher': { model: 'static', embeddingSize: 64, epochs: 4, isTaught: true },
  bilstm: { model: 'bilstm', embeddingSize: 32, hidden: 24, epochs: 2 },
};

/**
 * @param {{ train: object, validation: object }} rows texts and labels
 * @returns by kind its loss in the first step, its accuracy, the labels that its `student.js` gives the validation rows
 */
export async function trainStudents({ train, validation }, { threads = 1 } = {}) {
  const found = {};
  const names = [...new Set(train.labels)].sort();
  // Of a teacher that is sure, but not of everything.
  const probabilities = train.labels.map((label) => names.map((name) => (name === label ? 0.9 : 0.1 / (names.length - 1))));
  for (const [name, { isTaught, ...kind }] of Object.entries(KINDS)) {
    const options = { ...train, validation, threads, ...kind, ...(isTaught && { teacher: { probabilities } }) };
    const isFitted = name === 'ngram';
    const first = isFitted ? undefined : await trainStudent({ ...options, epochs: 1, maxSteps: 1 });
    const begun = performance.now();
    const student = await trainStudent(options);
    const seconds = (performance.now() - begun) / 1000;
    const { 'student.js': code } = await student.js();
    const { predict } = await import(`data:text/javascript,${encodeURIComponent(code)}`);
    found[name] = {
      ...(first && { firstLoss: first.epochs[0].loss, lastLoss: student.epochs.at(-1).loss }),
      accuracy: student.metrics.accuracy,
      labels: predict(validation.texts).map(({ label }) => label),
      steps: student.steps,
      seconds,
    };
  }
  return found;
}
