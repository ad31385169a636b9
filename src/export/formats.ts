/** @file The formats that trained models are exported in: what `--to` chooses from, its lines of help, and what writes them. */
import { MODEL_FILE, SECOND_FOLDER, VERSIONS_FOLDER } from '../onnx/model-versions.js';
import type { CardFacts } from './model-card.js';
import type { OnnxFolderContent } from './onnx-folder.js';
import { EXPORT_LAYOUTS, type ExportLayout, HUB_PRECISIONS, type Precision } from './precisions.js';

export type ExportSettings = {
  /** One, or several where the format has room for them. */
  readonly precisions: readonly Precision[];
  readonly layout: ExportLayout;
  readonly onNotice: (text: string) => void;
  /** For the model card of a Hugging Face folder. */
  readonly facts?: CardFacts | undefined;
};

export type ExportFormat = {
  /** For help pages: what the folder holds, and who reads it. */
  readonly holds: string;
  /** What is at the top of such a folder besides `SHARED_FILES`: an earlier export is told from other files by these names. */
  readonly writes: readonly string[];
  /** What is written where nobody says which. */
  readonly precisions: readonly Precision[];
  /** Where its ONNX files may lie, the usual place first. */
  readonly layouts: readonly ExportLayout[];
  /** Whether it has room for a model of several tasks. */
  readonly takesTasks?: true;
  /**
   * Writes the folder in one piece. What it needs is imported inside, since help pages are made from this table.
   * @throws OptionError for a model that the format does not know; OutputError naming the place that cannot be written.
   */
  readonly save: (folder: string, content: OnnxFolderContent, settings: ExportSettings) => Promise<WrittenExport>;
};

export type WrittenExport = {
  /** Of the ONNX files, or of `student.js`. */
  readonly bytes?: number;
};

export const EXPORT_FORMATS = {
  onnx: {
    holds:
      'DIR/model.onnx for any batch and length, the tokenizer and a config.json beside it; ' +
      'retort-ml/inference and ONNX Runtime read it.',
    writes: [MODEL_FILE, SECOND_FOLDER],
    precisions: ['float32'],
    layouts: ['root'],
    takesTasks: true,
    save: async (folder, content, { precisions: [precision = 'float32'] }) => {
      return { bytes: await (await import('./onnx-folder.js')).saveOnnx(folder, { ...content, precision }) };
    },
  },
  hf: {
    holds:
      'a folder for the Hugging Face hub: DIR/onnx with a version for each precision, config.json, the tokenizer, and of a ' +
      'BERT model.safetensors; transformers.js reads any model of token ids, retort-ml/inference too, ' +
      "Python's transformers the BERTs.",
    writes: ['model.safetensors', 'README.md', VERSIONS_FOLDER],
    precisions: HUB_PRECISIONS,
    layouts: EXPORT_LAYOUTS,
    save: async (folder, content, settings) => {
      return { bytes: await (await import('./hugging-face-folder.js')).saveHubFolder(folder, content, settings) };
    },
  },
  js: {
    holds:
      'one module student.js without dependencies, int8 weights, tokenizer and code inside, and its types, for Node, Bun, Deno, ' +
      'workers and browsers; students of kind ngram, static and bilstm.',
    writes: ['student.js', 'student.d.ts', 'student.wasm', 'package.json'],
    precisions: ['int8'],
    layouts: ['root'],
    save: async (folder, content, { precisions: [precision] }) => {
      const { expectInt8, saveJs } = await import('./save-js.js');
      expectInt8(precision);
      return { bytes: await saveJs(folder, content) };
    },
  },
} as const satisfies Readonly<Record<string, ExportFormat>>;

export type ExportFormatName = keyof typeof EXPORT_FORMATS;

export const EXPORT_FORMAT_NAMES = Object.keys(EXPORT_FORMATS) as readonly ExportFormatName[];

/** What is at the top of the folder of any format. */
export const SHARED_FILES: readonly string[] = [
  ...['config.json', 'manifest.json', 'certificate.json'],
  ...['tokenizer.json', 'tokenizer_config.json', 'vocab.txt', 'ngrams.json'],
];
