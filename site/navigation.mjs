/**
 * @file The pages of the site in the order in which they are read: file below docs/ (or made by the build), and how the
 * sidebar names it. A new page of docs/ is one line here; a page that is missing, on either side, fails the build and
 * `test/docs/site.test.ts`.
 */

/** Made by the build, not in docs/: every page below it is listed under its index. */
const made = (folder, title) => ({ folder, title });

/** `[page, title]` or `made(folder, title)`, by section. */
export const NAVIGATION = [
  {
    title: 'Learn',
    pages: [
      ['primer.md', 'Primer'],
      ['playground.md', 'Playground'],
      ['tutorials/csv-to-one-file.md', 'From a CSV to one file'],
      ['tutorials/own-decisions.md', 'From a service to a model'],
      ['tutorials/reading-a-report.md', 'Reading a report'],
      ['primer-results.md', 'The primer’s figures'],
    ],
  },
  {
    title: 'Guides',
    pages: [
      ['data.md', 'Data'],
      ['train.md', 'Training on texts'],
      ['distill.md', 'Distillation'],
      ['many-machines.md', 'Several processes and machines'],
      ['teachers.md', 'Teachers'],
      ['ask.md', 'Labelling by an API'],
      ['models.md', 'Models'],
      ['augment.md', 'Data augmentation'],
      ['pretrain.md', 'Pre-training'],
      ['multi-task.md', 'Multi-task training'],
      ['training.md', 'Training runs'],
      ['checks.md', 'Checks'],
      ['evidence.md', 'Evidence'],
      ['report.md', 'Reports'],
      ['export.md', 'Export'],
      ['inference.md', 'Inference'],
      ['certificates.md', 'Certificates'],
      ['serve.md', 'Serving'],
      ['ai-sdk.md', 'AI SDK'],
      ['browser.md', 'Training in a browser'],
      ['hugging-face.md', 'Hugging Face'],
    ],
  },
  {
    title: 'Methods',
    pages: [
      ['methods/README.md', 'Which paper for what'],
      ['methods/supervised.md', 'supervised'],
      ['methods/hinton.md', 'hinton'],
      ['methods/hard-labels.md', 'hard-labels'],
      ['methods/decoupled.md', 'decoupled'],
      ['methods/pkd.md', 'pkd'],
      ['methods/tinybert.md', 'tinybert'],
      ['methods/minilm.md', 'minilm'],
      ['methods/distilbert.md', 'distilbert'],
      ['methods/well-read.md', 'well-read'],
      ['methods/tang.md', 'tang'],
      ['methods/mixkd.md', 'mixkd'],
      ['methods/takd.md', 'takd'],
      ['methods/mt-dnn.md', 'mt-dnn'],
      ['methods/bam.md', 'bam'],
      ['methods/born-again.md', 'born-again'],
      ['methods/self-kd.md', 'self-kd'],
      ['methods/deep-mutual-learning.md', 'deep-mutual-learning'],
    ],
  },
  {
    title: 'Reference',
    pages: [
      made('reference/commands', 'Commands'),
      ['config.md', 'retort.yaml'],
      made('reference/api', 'API'),
      ['losses.md', 'Losses'],
      ['engine.md', 'Engine'],
      ['design.md', 'Design'],
      ['dependencies.md', 'Dependencies'],
    ],
  },
  {
    title: 'Results',
    pages: [
      ['results.md', 'Results on text'],
      ['performance.md', 'Performance'],
    ],
  },
  { title: 'Which tool when', pages: [['which-tool.md', 'Which tool when']] },
  {
    title: 'Troubleshooting',
    pages: [
      ['troubleshooting.md', 'By error message'],
      ['reference/messages.md', 'All messages'],
    ],
  },
];

/** Written by the build. */
export const MADE_PAGES = ['reference/messages.md'];

/** The files of docs/ that the table names. */
export const docsPages = () =>
  NAVIGATION.flatMap(({ pages }) => pages.flatMap((page) => (Array.isArray(page) ? [page[0]] : []))).filter(
    (page) => !MADE_PAGES.includes(page),
  );
