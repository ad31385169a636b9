import { type CommandUsage, defineCommand } from '../command.js';
import { messageOptions } from '../shared-options.js';

export const exportUsage = {
  name: 'export',
  summary: 'write a trained model for other programs: ONNX, or a Hugging Face folder',
  description:
    'onnx: DIR/model.onnx in float32 with any batch and length, the tokenizer and a config.json beside it; ' +
    'retort-ml/inference, ONNX Runtime and transformers.js read it. hf: config.json, model.safetensors and the tokenizer, ' +
    "as Python's transformers loads them.",
  options: {
    model: {
      kind: 'operand',
      placeholder: 'model',
      required: true,
      help: 'a run, a checkpoint, a Hugging Face folder, or a name on its hub',
    },
    to: { kind: 'choice', choices: ['onnx', 'hf'], default: 'onnx', group: 'Output', help: 'the format' },
    outputDir: {
      kind: 'text',
      placeholder: 'folder',
      required: true,
      fixWhenMissing: 'say where to write it: --output_dir student',
      group: 'Output',
      help: 'a folder, new or empty',
    },
    labelNames: {
      kind: 'text',
      placeholder: 'names',
      group: 'Output',
      help: 'other names for its labels: one for each, in their order, parted by commas',
    },
    overwrite: { kind: 'switch', group: 'Output', help: 'replace an earlier export' },
    ...messageOptions,
  },
  examples: [
    { does: 'a student to ship', line: 'retort export outputs/student --to onnx --output_dir student' },
    {
      does: "the same for Python's transformers",
      line: 'retort export outputs/student --to hf --output_dir student-hf',
    },
  ],
} as const satisfies CommandUsage;

export const exportCommand = defineCommand({
  ...exportUsage,
  run: async (options, io) => {
    const { exportModel } = await import('./model-export.js');
    return exportModel(options, io);
  },
});
