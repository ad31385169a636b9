import { ASK_SETTINGS } from '../../../experiments/asking/ask-settings.js';
import { COMPUTE_SETTINGS, OUTPUT_SETTINGS } from '../../../options/run-settings.js';
import type { CommandUsage } from '../../command.js';
import { messageOptions } from '../../shared-options.js';

const anyProcessor = {
  kind: 'switch',
  group: 'Machine',
  help: 'allow processors with other instructions, on which sums may round differently: the last bits of runs may then differ',
} as const;

const { teacher, apiKeyEnv, teacherPath, teacherConcurrency, insecureHttp } = ASK_SETTINGS;

/** Of a worker that asks: whom, and with what key, is its own command line's word. */
const ASKING = {
  teacher: {
    kind: teacher.kind,
    placeholder: 'url',
    group: 'Asking',
    help: 'with --queue: the URL of the model that may be asked about rows of others; its word alone says where texts go',
  },
  apiKeyEnv: { ...apiKeyEnv, group: 'Asking', help: 'environment variable with the key for it', defaultSays: 'no key' },
  teacherPath: { ...teacherPath, group: 'Asking' },
  teacherConcurrency: { ...teacherConcurrency, group: 'Asking' },
  insecureHttp: { ...insecureHttp, group: 'Asking' },
} as const;

export const workerUsage = {
  name: 'worker',
  hasManyRuns: true,
  summary: 'take part in an experiment that retort distill shares, here or on another machine',
  description:
    'Joins the experiment in FOLDER, the output folder of a retort distill with --workers: takes part in the labelling and ' +
    'takes the next run that nobody has, until every run has a result. Start as many as there are machines or cores, on ' +
    'any machine that sees the folder and the data. A worker that dies loses nothing but its last minute: another ' +
    'continues its run. The retort distill that shares the experiment writes the record. With --queue and --store it needs ' +
    'no folder in common: what is open at a Redis server comes with its data and teacher. With --queue and --teacher it asks ' +
    'about rows that retort ask --queue shares: texts go to the URL of --teacher alone, and no key but that of --api_key_env.',
  options: {
    folder: {
      kind: 'operand',
      placeholder: 'folder',
      help: 'the output folder of the experiment; with --queue and --store, where files are laid out',
    },
    queue: {
      kind: 'text',
      placeholder: 'url',
      group: 'Machine',
      help: 'join through Redis, redis://HOST:PORT, what retort distill --queue shares (with --store) or retort ask --queue (with --teacher)',
    },
    store: {
      kind: 'text',
      placeholder: 'folder|url',
      group: 'Machine',
      help: 'with --queue: where files travel, as retort distill --queue says it',
    },
    experiment: {
      kind: 'text',
      placeholder: 'id',
      group: 'Machine',
      help: 'with --queue and --store: join this experiment alone',
      defaultSays: 'all that are open, the oldest first',
    },
    workers: {
      kind: 'integer',
      min: 1,
      max: 256,
      default: 1,
      group: 'Machine',
      help: 'with --queue and --store: processes of this machine that take units',
    },
    ...ASKING,
    wait: {
      kind: 'number',
      min: 0,
      default: 0,
      group: 'Machine',
      help: 'minutes to wait until the experiment is shared, for a worker that starts first',
    },
    threads: {
      ...COMPUTE_SETTINGS.threads,
      help: 'CPU threads; another number than that of the experiment is refused, since it changes the rounding of sums',
      defaultSays: 'those of the experiment',
    },
    verify: {
      kind: 'number',
      above: 0,
      max: 100,
      group: 'Machine',
      help: 'take no part: compute so many of the finished runs again, at least one, and compare them byte for byte',
    },
    anyProcessor,
    ...messageOptions,
  },
  examples: [
    { does: 'one more process for an experiment', line: 'retort worker outputs/reviews' },
    { does: 'whether this machine gives the same bytes', line: 'retort worker outputs/reviews --verify 1' },
    {
      does: 'two processes of a machine that sees no common disk',
      line: 'retort worker --queue redis://server --store http://server:7070 --workers 2 --wait 30',
    },
    {
      does: 'ask about rows that retort ask --queue shares',
      line: 'retort worker --queue redis://server --teacher https://api.example.com/v1 --api_key_env EXAMPLE_KEY --wait 30',
    },
    { does: 'a machine that starts before the experiment', line: 'retort worker /mnt/disk/outputs/reviews --wait 30' },
  ],
} as const satisfies CommandUsage;

export const mergeUsage = {
  name: 'merge',
  hasManyRuns: true,
  summary: 'bring the shards of an experiment together: record, verdict, report',
  description:
    'Reads the folders shard-0-of-N and so on in FOLDER, which retort distill --shard wrote; checks that all are of one ' +
    'experiment and that each run has one undamaged result; and writes record and report as a single process would have. ' +
    'Machines without a shared disk: copy their output folders into one first, where no names collide. Data and teacher ' +
    'are read again, since the record says what the teacher scores.',
  options: {
    folder: { kind: 'operand', placeholder: 'folder', required: true, help: 'the --output_dir of the shards' },
    overwrite: { kind: 'switch', group: OUTPUT_SETTINGS.overwrite.group, help: 'replace what an earlier merge wrote' },
    anyProcessor,
    ...messageOptions,
  },
  examples: [{ does: 'all shards as one experiment', line: 'retort merge outputs/reviews' }],
} as const satisfies CommandUsage;

export const statusUsage = {
  name: 'status',
  summary: 'who works on a shared experiment, how far each run is, what failed, the time left',
  description:
    'Of an experiment that several processes share: each run under way with its worker, the share that is done and the ' +
    'time; runs that failed, and why; the time left. With --cancel all workers end, on every machine. With --queue in the ' +
    'place of FOLDER: all that is shared at a Redis server, by retort distill and retort ask, whoever started it.',
  options: {
    folder: { kind: 'operand', placeholder: 'folder', help: 'the output folder of the experiment' },
    queue: {
      kind: 'text',
      placeholder: 'url',
      group: 'Machine',
      help: 'in the place of FOLDER: what is shared through Redis, redis://HOST:PORT',
    },
    experiment: {
      kind: 'text',
      placeholder: 'id',
      group: 'Machine',
      help: 'with --queue: this alone, an experiment or an ask',
      defaultSays: 'all',
    },
    cancel: {
      kind: 'switch',
      group: 'Machine',
      help: 'end all workers after their next step; what is done stays, and retort distill --resume, or the same retort ask, continues',
    },
    remove: {
      kind: 'switch',
      group: 'Machine',
      help: 'with --queue and --experiment: delete what Redis has of something that was cancelled and nobody will continue',
    },
    ...messageOptions,
  },
  examples: [
    { does: 'where an experiment stands', line: 'retort status outputs/reviews' },
    { does: 'end it on all machines', line: 'retort status outputs/reviews --cancel' },
    { does: 'all that is shared at a Redis server', line: 'retort status --queue redis://server' },
    {
      does: 'forget one whose folder is gone',
      line: 'retort status --queue redis://server --experiment 5f0c2b7a91d3e846 --cancel --remove',
    },
  ],
} as const satisfies CommandUsage;
