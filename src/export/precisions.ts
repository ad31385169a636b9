/** @file What exported weights are stored and computed in. */
import { OptionError } from '../errors/failures.js';
import { type ModelVersion, VERSION_FILES } from '../onnx/model-versions.js';

export type PrecisionEntry = {
  /** For the help page. */
  readonly help: string;
  /** Its name in a folder `onnx/`, where transformers.js looks for it. */
  readonly file: string;
  /** What transformers.js calls it. */
  readonly dtype: string;
};

export const PRECISIONS = {
  float32: { help: 'as trained', file: VERSION_FILES.float32, dtype: 'fp32' },
  float16: { help: 'half the size, computed in float32', file: VERSION_FILES.float16, dtype: 'fp16' },
  int8: { help: 'a quarter of the size', file: VERSION_FILES.int8, dtype: 'q8' },
} as const satisfies Readonly<Record<ModelVersion, PrecisionEntry>>;

export type Precision = keyof typeof PRECISIONS;

export const PRECISION_NAMES = Object.keys(PRECISIONS) as readonly Precision[];

export const PRECISION_HELP = Object.entries(PRECISIONS)
  .map(([name, { help }]) => `${name}: ${help}`)
  .join('; ');

/** Where the files of a Hugging Face folder lie: in the subfolder `onnx`, a version for each precision, or one beside the config. */
export const EXPORT_LAYOUTS = ['onnx', 'root'] as const;
export type ExportLayout = (typeof EXPORT_LAYOUTS)[number];

/** What transformers.js opens where nobody says which: float32 in Node, int8 in browsers. */
export const HUB_PRECISIONS = ['float32', 'int8'] as const satisfies readonly Precision[];

/** @throws OptionError for a name that no precision has. */
export function precisionsOf(names: string): readonly Precision[] {
  const wanted = names.split(',').map((name) => name.trim());
  const strange = wanted.find((name) => !Object.hasOwn(PRECISIONS, name));
  if (strange === undefined) return [...new Set(wanted as Precision[])];
  throw new OptionError({ where: 'precision', wanted: PRECISION_NAMES.join(', '), got: `'${strange}'` });
}
