import { CONTROLS } from '../../experiments/distillation/controls.js';
import { JUDGED_METRICS } from '../../experiments/judged-metric.js';
import { type CommandUsage, defineCommand } from '../command.js';
import { teacherOptions } from './teacher-options.js';
import { trainUsage } from './train.js';

// What a single run is chosen by, and its one seed: arms are compared after the last step, over several seeds.
const {
  seed: _seed,
  saveTopK: _saveTopK,
  earlyStopping: _earlyStopping,
  monitor: _monitor,
  layerDecay: _layerDecay,
  sampling: _sampling,
  student: _student,
  ...shared
} = trainUsage.options;

export const distillUsage = {
  name: 'distill',
  hasManyRuns: true,
  config: 'distill',
  furtherHelp: async (words, columns) => (await import('../method-help.js')).methodHelp(words, columns),
  summary: 'teach a small model what a large one knows, and find out whether that helped',
  description:
    'Trains a student on the answers of a teacher, and the same student without it, on several seeds; says whether the ' +
    'teacher helped, with an interval, and writes a report. DATA is as for retort train; or a retort.yaml, which says all ' +
    'of this and which retort init writes. The teacher is a model for these very labels: a run of retort train, a Hugging ' +
    'Face folder or name. It answers each text once. Finished runs are kept: with --resume the experiment goes on, with ' +
    'more --seeds too.',
  options: {
    ...shared,
    badRows: {
      ...shared.badRows,
      help: `${shared.badRows.help}; learn nothing from what is no answer of the teacher's`,
    },
    model: {
      ...shared.model,
      help: 'where the student starts: as for retort train, with --layers or as a bilstm',
    },
    from: {
      ...shared.from,
      help:
        'of an encoder, what it starts with: pretrained (the first --layers of --model), teacher (the same of the ' +
        "teacher's), random (new weights), or layers of --model, such as 1,3,6 [default: pretrained]",
    },
    ...teacherOptions,
    transfer: {
      kind: 'text',
      placeholder: 'file',
      group: 'Data',
      help: 'more texts for the teacher to label, columns as in DATA; labels in it are not used',
    },
    method: {
      kind: 'text',
      placeholder: 'name',
      default: 'hinton',
      group: 'Distillation',
      help: 'how the student learns from the teacher; the names stand at the end of this page',
    },
    alpha: {
      kind: 'number',
      min: 0,
      max: 1,
      group: 'Distillation',
      help: 'weight of the distillation term; the labels get 1 - alpha [default: the method’s]',
    },
    temperature: {
      kind: 'number',
      above: 0,
      group: 'Distillation',
      help: 'softens both distributions [default: the method’s]',
    },
    methodOptions: {
      kind: 'text',
      placeholder: 'name=value,…',
      group: 'Distillation',
      help: 'other options of the method, such as beta=100,layerMap=skip',
    },
    assistants: {
      kind: 'text',
      placeholder: 'models',
      group: 'Distillation',
      help: 'of method takd, the models between, largest first: numbers of layers of --model, or names such as bert-mini',
    },
    controls: {
      kind: 'text',
      placeholder: 'names',
      default: 'no-teacher,hard-labels,shuffled-teacher',
      group: 'Evidence',
      help: `what the method has to beat: ${CONTROLS.join(', ')}`,
    },
    seeds: {
      kind: 'integer',
      default: 5,
      min: 1,
      max: 1000,
      group: 'Evidence',
      help: 'each arm runs on seeds 1 to this',
    },
    metric: {
      kind: 'choice',
      choices: JUDGED_METRICS,
      group: 'Evidence',
      help: 'what the verdict is about [default: the first metric of the data set]',
    },
    smallestEffect: {
      kind: 'number',
      default: 0.5,
      above: 0,
      group: 'Evidence',
      help: 'the smallest gain in points that is worth having',
    },
  },
  examples: [
    {
      does: 'a teacher, then a student of its first three layers',
      line: 'retort train sst2 --output_dir outputs/teacher && retort distill sst2 --teacher outputs/teacher --layers 3',
    },
    {
      does: 'a BiLSTM from a file of your own',
      line: 'retort distill reviews.csv --teacher outputs/reviews --model bilstm --epochs 10 --alpha 0.9',
    },
    {
      does: 'another method with options of its own',
      line: 'retort distill sst2 --teacher outputs/teacher --layers 3 --method pkd --method_options beta=100,layerMap=skip',
    },
    { does: 'what a retort.yaml says, with one pass', line: 'retort distill retort.yaml --epochs 1' },
    { does: 'try it out', line: 'retort distill sst2 --teacher outputs/teacher --rows 300 --max_steps 5 --seeds 2' },
  ],
} as const satisfies CommandUsage;

export const distillCommand = defineCommand({
  ...distillUsage,
  run: async (options, io) => {
    const { distilOnTexts } = await import('./text-distillation.js');
    return distilOnTexts(options, io);
  },
});
