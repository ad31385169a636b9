/** @file An exported model as a folder: `model.onnx`, the tokenizer's files, and a `config.json` for transformers.js. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { writeManifest } from '../files/manifest.js';
import { replaceFolderAtomic } from '../files/replace-folder.js';
import { hasHubClass } from '../models/families.js';
import { huggingFaceConfig } from '../models/hugging-face.js';
import type { Tokenizer } from '../tokenizers/tokenizer.js';
import { tokenizerHash } from '../tokenizers/tokenizer-hash.js';
import { exportOnnx, type OnnxContent } from './onnx.js';

export type OnnxFolderContent = Pick<
  OnnxContent,
  | 'model'
  | 'weights'
  | 'labelNames'
  | 'readsPairs'
  | 'readAs'
  | 'question'
  | 'temperature'
  | 'precision'
  | 'ranges'
  | 'keep'
  | 'scores'
> & {
  /** Absent for a model that reads no text. */
  readonly tokenizer?: Tokenizer;
};

/**
 * Writes a model as a folder that `retort-ml/inference` loads, in one piece: an earlier folder of that name is
 * replaced, or stays if writing fails.
 * @returns bytes of the ONNX file
 * @throws as `exportOnnx` does; OutputError naming the place that cannot be written.
 */
export async function saveOnnx(folder: string, content: OnnxFolderContent): Promise<number> {
  const { tokenizer } = content;
  const bytes = exportOnnx({ ...content, ...(tokenizer && { tokenizerHash: tokenizerHash(tokenizer) }) });
  const config = `${JSON.stringify(configOf(content), null, 2)}\n`;
  await replaceFolderAtomic(folder, async (inside) => {
    await writeFile(join(inside, 'model.onnx'), bytes);
    await writeFile(join(inside, 'config.json'), config);
    for (const [name, text] of tokenizer?.files ?? []) await writeFile(join(inside, name), text);
    await writeManifest(inside);
  });
  return bytes.length;
}

function configOf({ model, labelNames }: OnnxFolderContent): Record<string, unknown> {
  if (hasHubClass(model)) return huggingFaceConfig({ model, labelNames });
  return {
    model_type: model.kind,
    ...model.config,
    id2label: Object.fromEntries(labelNames.entries()),
    label2id: Object.fromEntries([...labelNames.entries()].map(([i, name]) => [name, i])),
  };
}
