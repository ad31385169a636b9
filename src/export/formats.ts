/** @file The formats that trained models are exported in: what `--to` chooses from, its lines of help, and what writes them. */
import type { OnnxFolderContent } from './onnx-folder.js';

export type ExportFormat = {
  /** For help pages: what the folder holds, and who reads it. */
  readonly holds: string;
  /** What is at the top of such a folder besides `SHARED_FILES`: an earlier export is told from other files by these names. */
  readonly writes: readonly string[];
  /**
   * Writes the folder in one piece. What it needs is imported inside, since help pages are made from this table.
   * @throws OptionError for a model that the format does not know; OutputError naming the place that cannot be written.
   */
  readonly save: (folder: string, content: OnnxFolderContent) => Promise<WrittenExport>;
};

export type WrittenExport = {
  /** Of the ONNX file. */
  readonly bytes?: number;
};

export const EXPORT_FORMATS = {
  onnx: {
    holds:
      'DIR/model.onnx for any batch and length, the tokenizer and a config.json beside it; ' +
      'retort-ml/inference, ONNX Runtime and transformers.js read it.',
    writes: ['model.onnx'],
    save: async (folder, content) => ({ bytes: await (await import('./onnx-folder.js')).saveOnnx(folder, content) }),
  },
  hf: {
    holds: "config.json, model.safetensors and the tokenizer, for Python's transformers.",
    writes: ['model.safetensors'],
    save: async (folder, content) => {
      await (await import('../models/hugging-face.js')).saveHuggingFace(folder, content);
      return {};
    },
  },
} as const satisfies Readonly<Record<string, ExportFormat>>;

export type ExportFormatName = keyof typeof EXPORT_FORMATS;

export const EXPORT_FORMAT_NAMES = Object.keys(EXPORT_FORMATS) as readonly ExportFormatName[];

/** What is at the top of the folder of any format. */
export const SHARED_FILES: readonly string[] = [
  ...['config.json', 'manifest.json'],
  ...['tokenizer.json', 'tokenizer_config.json', 'vocab.txt', 'ngrams.json'],
];
