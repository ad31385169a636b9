/**
 * @file A trained model as a folder of the Hugging Face hub: what `pipeline('text-classification', folder)` of transformers.js
 * opens, and of an encoder what Python's `from_pretrained` does, too.
 */
import { mkdir, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { writeManifest } from '../files/manifest.js';
import { packageVersion } from '../files/package-version.js';
import { replaceFolderAtomic } from '../files/replace-folder.js';
import { familyOf } from '../models/families.js';
import { huggingFaceConfig, huggingFaceWeights } from '../models/hugging-face.js';
import { MODEL_FILE, VERSIONS_FOLDER } from '../onnx/model-versions.js';
import { defined } from '../options/given.js';
import { writeSafetensors } from '../tensor/safetensors-file.js';
import { tokenizerHash } from '../tokenizers/tokenizer-hash.js';
import { hubModel } from './hub-model.js';
import { tokenizerConfigOf, truncatedAt } from './hub-tokenizer.js';
import { type CardFacts, modelCard } from './model-card.js';
import { exportOnnx, isTooLarge } from './onnx.js';
import type { OnnxFolderContent } from './onnx-folder.js';
import { type ExportLayout, HUB_PRECISIONS, PRECISIONS, type Precision } from './precisions.js';

export type HubFolderOptions = {
  /** The versions of the ONNX file. Default: `HUB_PRECISIONS`. */
  readonly precisions?: readonly Precision[] | undefined;
  /** Versions in the subfolder `onnx`, by the names that transformers.js looks for, or one as `model.onnx`. Default: `onnx`. */
  readonly layout?: ExportLayout | undefined;
  readonly onNotice?: ((text: string) => void) | undefined;
  /** For the model card. Default: nothing is known. */
  readonly facts?: CardFacts | undefined;
};

/** What a kind that the hub's programs do not know is called there: the simplest that reads ids and a mask. */
const STAND_IN = { model_type: 'distilbert', architectures: ['DistilBertForSequenceClassification'] } as const;

/**
 * Writes a model of text in one piece: an earlier folder of that name is replaced, or stays if writing fails. Of an encoder
 * `config.json` and `model.safetensors` are as `saveHuggingFace` has them; another model has no `model.safetensors`, so that
 * Python's `from_pretrained` fails in place of drawing weights, and what it is stands under `retort` in `config.json`.
 * @returns bytes of all its ONNX files
 * @throws OptionError for a model that cannot be fed from ids (`hubModel`); as `exportOnnx` does; OutputError naming the place that cannot be written.
 */
export async function saveHubFolder(
  folder: string,
  content: OnnxFolderContent,
  options: HubFolderOptions = {},
): Promise<number> {
  const { layout = 'onnx', onNotice = () => {} } = options;
  const { model, tokenizer } = await hubModel(content.model, content.tokenizer);
  const isEncoder = familyOf(model.kind) !== undefined;
  if (content.readsPairs === true) {
    onNotice(
      "the model reads pairs, of which transformers.js's pipeline predicts something else without an error: README.md says what to call",
    );
  }
  const precisions = versionsOf(content, options, onNotice);
  const files = new Map(
    precisions.map((one) => [one, layout === 'root' ? MODEL_FILE : `${VERSIONS_FOLDER}/${PRECISIONS[one].file}`]),
  );
  const named = isEncoder ? huggingFaceConfig(content) : standIn(content);
  const config = { ...named, ...programFacts(precisions), retort: ownFacts(content) };
  const card = modelCard({
    ...{ model: content.model, labelNames: content.labelNames, precisions, layout, retort: packageVersion() },
    ...{ readsPairs: content.readsPairs, hasWeights: isEncoder, facts: options.facts },
    maxLength: truncatedAt(tokenizer, model),
  });
  let bytes = 0;
  await replaceFolderAtomic(folder, async (inside) => {
    await writeFile(join(inside, 'config.json'), `${JSON.stringify(config, null, 2)}\n`);
    if (isEncoder) {
      await writeSafetensors(join(inside, 'model.safetensors'), huggingFaceWeights(content), { format: 'pt' });
    }
    for (const [name, text] of tokenizer.files) await writeFile(join(inside, basename(name)), text);
    await writeFile(join(inside, 'tokenizer_config.json'), tokenizerConfigOf(tokenizer, model));
    if (layout === 'onnx' && files.size > 0) await mkdir(join(inside, VERSIONS_FOLDER));
    for (const [precision, file] of files) {
      const onnx = exportOnnx({ ...content, model, precision, tokenizerHash: tokenizerHash(tokenizer) });
      await writeFile(join(inside, file), onnx);
      bytes += onnx.length;
    }
    await writeFile(join(inside, 'README.md'), card);
    await writeManifest(inside);
  });
  return bytes;
}

/** The versions that are written: none of a model that one ONNX file cannot hold, or that predicts masked tokens. */
function versionsOf(
  { model }: OnnxFolderContent,
  { precisions = HUB_PRECISIONS }: HubFolderOptions,
  onNotice: (text: string) => void,
): readonly Precision[] {
  const why = isTooLarge(model)
    ? 'one ONNX file holds less than 2 GB'
    : model.config.head === 'masked-lm'
      ? 'a head of masked language modelling is for training'
      : undefined;
  if (why === undefined) return precisions;
  onNotice(`no ONNX files are written, since ${why}: the folder is for Python's transformers`);
  return [];
}

/** What transformers.js opens by itself, where that is not one of the versions it would look for. */
function programFacts(precisions: readonly Precision[]): object {
  const [first] = precisions;
  const isUsual = HUB_PRECISIONS.every((one) => precisions.includes(one));
  return first === undefined || isUsual ? {} : { 'transformers.js_config': { dtype: PRECISIONS[first].dtype } };
}

/** The `config.json` of a kind that the hub's programs do not know. */
function standIn({ model, labelNames }: OnnxFolderContent): object {
  const count = Number(model.config.num_labels);
  const names = labelNames.length > 0 ? labelNames : Array.from({ length: count }, (_, i) => `LABEL_${i}`);
  return {
    ...STAND_IN,
    id2label: Object.fromEntries(names.entries()),
    label2id: Object.fromEntries([...names.entries()].map(([i, name]) => [name, i])),
  };
}

/** What the model is, for retort itself. */
function ownFacts({ model, readsPairs }: OnnxFolderContent): object {
  const { kind, config } = model;
  return {
    version: packageVersion(),
    kind,
    ...(familyOf(kind) === undefined && { config }),
    ...defined({ readsPairs }),
  };
}
