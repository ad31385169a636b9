import { COLUMN_SETTINGS, ROW_SETTINGS, SPLIT_SETTINGS } from '../../../data/task-settings.js';
import { NO_CONTROLS } from '../../../experiments/distillation/controls.js';
import {
  DISTILLATION_SETTINGS,
  EVIDENCE_SETTINGS,
  METHOD_SETTINGS,
} from '../../../experiments/distillation/evidence-settings.js';
import { TEACHER_SETTINGS } from '../../../experiments/distillation/teacher-settings.js';
import { START_SETTINGS } from '../../../models/start-settings.js';
import { COMPUTE_SETTINGS, OUTPUT_SETTINGS, RUN_SETTINGS } from '../../../options/run-settings.js';
import { takenBy } from '../../../options/setting.js';
import { TEXT_SETTINGS } from '../../../training/text/text-settings.js';
import type { CommandUsage } from '../../command.js';
import { messageOptions } from '../../shared-options.js';
import { trainUsage } from '../train/usage.js';

const { usual: _ofTrain, ...earlyStopping } = TEXT_SETTINGS.earlyStopping;

export const distillUsage = {
  name: 'distill',
  hasManyRuns: true,
  config: 'distill',
  furtherHelp: async (words, columns) => (await import('../../method-help.js')).methodHelp(words, columns),
  summary: 'distil a teacher into a small student, and test whether the teacher helped',
  description:
    'Trains a student with a teacher (knowledge distillation) and control arms without it, on several seeds; reports ' +
    'whether the teacher helped, with a 95 % confidence interval. DATA is as for retort train, or a retort.yaml from ' +
    'retort init. The teacher is a model with these labels: a run of retort train, a Hugging Face folder or name. Its ' +
    'outputs are computed once per text. Finished runs are kept: --resume continues the experiment, also with more ' +
    '--seeds.',
  options: {
    data: trainUsage.options.data,
    ...takenBy(START_SETTINGS, 'distill'),
    model: {
      ...START_SETTINGS.model,
      help: 'initial model of the student: as for retort train, with --layers or as a bilstm',
    },
    from: {
      ...START_SETTINGS.from,
      help:
        'for an encoder: initial weights: pretrained (the first --layers of --model), teacher (the same of the ' +
        "teacher's), random (new weights), or layers of --model, such as 1,3,6",
    },
    ...takenBy(SPLIT_SETTINGS, 'distill'),
    ...takenBy(ROW_SETTINGS, 'distill'),
    badRows: {
      ...ROW_SETTINGS.badRows,
      help: `${ROW_SETTINGS.badRows.help}; with skip, rows with an invalid teacher output are trained on their label alone`,
    },
    ...takenBy(COLUMN_SETTINGS, 'distill'),
    ...takenBy(TEXT_SETTINGS, 'distill'),
    earlyStopping: {
      ...earlyStopping,
      help:
        'patience: stop a student after N epochs without a better --monitor on a tenth of the training rows, which no ' +
        'student learns from, and take its best epoch; 0 = never',
      defaultSays: 'bilstm, and ngram by steps: 5 unless --epochs is given; else 0',
    },
    ...takenBy(RUN_SETTINGS, 'distill'),
    ...OUTPUT_SETTINGS,
    dryRun: trainUsage.options.dryRun,
    ...TEACHER_SETTINGS,
    allowKeyEnv: {
      kind: 'text',
      placeholder: 'variable',
      group: 'Language or decision model',
      help: 'consent, without a terminal, to send the key in this environment variable to the endpoint that a retort.yaml names',
    },
    ...DISTILLATION_SETTINGS,
    ...METHOD_SETTINGS,
    ...EVIDENCE_SETTINGS,
    quick: {
      kind: 'switch',
      group: 'Evidence',
      shortFor: { seeds: '1', controls: NO_CONTROLS },
      help: 'one student on one seed, without control arms: a first look, which makes no claim',
    },
    ...messageOptions,
    ...COMPUTE_SETTINGS,
    workers: {
      kind: 'integer',
      min: 1,
      max: 256,
      group: 'Machine',
      help: 'processes that share runs and labelling, this one among them; more may join from any machine: retort worker',
      defaultSays: 'this process alone',
    },
    queue: {
      kind: 'text',
      placeholder: 'url',
      group: 'Machine',
      help: 'share runs and labelling through Redis, redis://HOST:PORT, with machines that see no common disk: retort worker --queue; this process hands them out, --workers N do them here',
    },
    store: {
      kind: 'text',
      placeholder: 'folder|url',
      group: 'Machine',
      help: 'with --queue: where files travel, a folder that all machines see, or http://HOST:PORT to be served from here',
      defaultSays: 'OUTPUT/work/store',
    },
    shard: {
      kind: 'text',
      placeholder: 'i/n',
      group: 'Machine',
      help: 'do every n-th run from the i-th, 0 to n-1, into a folder of its own; retort merge makes one experiment of all',
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
    {
      does: 'choices on one split, the gain on another',
      line: 'retort distill reviews.csv --teacher outputs/reviews --dev dev.csv --test test.csv',
    },
    { does: 'a retort.yaml, but with one epoch', line: 'retort distill retort.yaml --epochs 1' },
    { does: 'four processes on one machine', line: 'retort distill retort.yaml --workers 4 --threads 1' },
    {
      does: 'machines that see no common disk',
      line: 'retort distill retort.yaml --queue redis://server --store http://0.0.0.0:7070',
    },
    { does: 'a first look: one student, no verdict', line: 'retort distill sst2 --teacher outputs/teacher --quick' },
  ],
} as const satisfies CommandUsage;
