/**
 * The folders of `src/`, lowest first. A file may import its own folder and any folder of a strictly lower rank:
 * never up, never sideways.
 */
export const RANKS: Readonly<Record<string, number>> = {
  errors: 0,
  options: 0.5,
  tensor: 1,
  metrics: 2,
  files: 1,
  // Work and its files between machines: its unit is what `files/work-source.ts` says.
  queue: 1.5,
  onnx: 2,
  runtime: 3,
  autograd: 3,
  hub: 3,
  nn: 4,
  losses: 4,
  optim: 4,
  tokenizers: 4,
  models: 5,
  data: 5,
  teachers: 6,
  outside: 6.1,
  methods: 7,
  augment: 7.5,
  training: 8,
  certificates: 8.5,
  inference: 9,
  standalone: 9.1,
  export: 9.2,
  browser: 9.3,
  experiments: 9.5,
  report: 10,
  server: 10,
  // The playground's files and their server; the page itself is in playground/.
  site: 10.1,
  'ai-sdk': 10.1,
  cli: 11,
  // The package entry points: `src/index.ts` and `src/entries/`, the only files that re-export.
  entries: 11,
};

/**
 * Rooms of large folders, lowest first: subfolders with ranks of their own. A file may import its own room and lower ones;
 * rooms of one line do not know each other. What lies in no room is above all of them.
 */
export const ROOMS: Readonly<Record<string, readonly (readonly string[])[]>> = {
  data: [['formats']],
  outside: [['asking'], ['chat', 'decisions']],
  training: [['step', 'evaluation', 'linear'], ['checks'], ['run'], ['phases', 'tasks'], ['estimate'], ['text']],
  'cli/commands': [
    ['digits', 'report', 'init', 'use', 'train', 'pretrain', 'augment', 'cascade', 'serve', 'playground'],
    ['distill'],
    ['ask'],
  ],
};

/** Packages that may enter only through some files, so that what does not need them never loads them. */
export const DOORS: readonly { readonly packages: RegExp; readonly files: RegExp; readonly rule: string }[] = [
  { packages: /^onnxruntime-(node|web)$/, files: /^runtime\//, rule: 'only runtime/ imports onnxruntime-node or -web' },
  { packages: /^#backend$/, files: /^runtime\/session\.ts$/, rule: 'only runtime/session.ts imports #backend' },
  { packages: /^(bullmq|ioredis)$/, files: /^queue\//, rule: 'only queue/ imports bullmq or ioredis' },
  { packages: /^zod$/, files: /\.schema\.ts$/, rule: 'only files named *.schema.ts import zod' },
];

/** Names that say nothing about what is inside. */
export const GRAB_BAGS: ReadonlySet<string> = new Set([
  'utils',
  'util',
  'helpers',
  'helper',
  'common',
  'misc',
  'shared',
]);
