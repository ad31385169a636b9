import { readdir } from 'node:fs/promises';
import { OptionError, OutputError } from '../../../errors/failures.js';
import { formatCount } from '../../../errors/number-text.js';
import { saveOnnx } from '../../../export/onnx-folder.js';
import { errorCode, outputFailure } from '../../../files/file-failure.js';
import { openAnyModel } from '../../../models/any-model.js';
import { FAMILY_NAMES, familyOf } from '../../../models/families.js';
import { findOnHub } from '../../../models/find-on-hub.js';
import { classesOf } from '../../../models/forward.js';
import { saveHuggingFace } from '../../../models/hugging-face.js';
import { type Model, readsText } from '../../../models/model.js';
import { loadModelTokenizer } from '../../../models/model-tokenizer.js';
import type { CommandIo, CommandOutput } from '../../command.js';
import type { OptionValues } from '../../options.js';
import type { exportUsage } from './usage.js';

/** `retort export`. */
export async function exportModel(
  options: OptionValues<typeof exportUsage.options>,
  io: CommandIo,
): Promise<CommandOutput> {
  const { to, outputDir } = options;
  await expectFree(outputDir, options.overwrite);
  const opened = await openAnyModel(options.model, {
    find: findOnHub({ onNotice: io.notice, onDownload: io.onDownload }),
    onNotice: io.notice,
  });
  const { model, weights, readsPairs, path } = opened;
  if (to === 'hf' && familyOf(model.kind) === undefined) {
    throw new OptionError({
      where: '--to hf',
      wanted: `a ${FAMILY_NAMES.join(', ')}, which transformers supports`,
      got: `a ${model.kind}`,
      fix: 'use --to onnx',
    });
  }
  const labelNames = options.labelNames === undefined ? opened.labelNames : newNames(options.labelNames, model);
  for (const notice of opened.notices) io.notice(notice);
  const tokenizer = readsText(model) ? await loadModelTokenizer(opened) : undefined;
  const content = {
    model,
    weights,
    labelNames,
    ...(readsPairs !== undefined && { readsPairs }),
    ...(tokenizer && { tokenizer }),
  };
  let parameters = 0;
  for (const { data } of Object.values(weights)) parameters += data.length;
  if (to === 'hf') await saveHuggingFace(outputDir, content);
  const bytes = to === 'onnx' ? await saveOnnx(outputDir, content) : undefined;
  const size = bytes === undefined ? '' : `, ${(bytes / 1e6).toFixed(1)} MB`;
  return {
    text: `exported ${model.kind}, ${formatCount(parameters)} parameters${size}: ${outputDir}`,
    json: {
      model: path,
      kind: model.kind,
      format: to,
      outputDir,
      parameters,
      labels: labelNames,
      ...(bytes !== undefined && { bytes }),
    },
  };
}

/** @throws OptionError for another number of names than the model has classes, and for one that is there twice. */
function newNames(names: string, model: Model): readonly string[] {
  const given = names.split(',').map((name) => name.trim());
  const classes = classesOf(model);
  const different = new Set(given.filter((name) => name !== '')).size;
  if (given.length === classes && different === classes) return given;
  throw new OptionError({
    where: '--label_names',
    wanted: `${classes} different names, one for each class, separated by commas`,
    got: given.length === classes ? `${different} of ${given.length}` : String(given.length),
  });
}

/** What exports write. Folders with anything else in them are not replaced. */
const OURS = /^(config\.json|manifest\.json|model\.onnx|model\.safetensors|tokenizer(_config)?\.json|vocab\.txt)$/;

/** @throws OutputError for a folder that holds something, unless it is an earlier export that may be replaced. */
async function expectFree(path: string, overwrite: boolean): Promise<void> {
  const names = await namesIn(path);
  const strange = names.filter((name) => !OURS.test(name));
  if (names.length === 0 || (overwrite && strange.length === 0)) return;
  const shown = (overwrite ? strange : names).sort().slice(0, 3).join(', ');
  throw new OutputError({
    where: path,
    wanted: overwrite ? 'an earlier export, or a new folder' : 'a new or empty folder',
    got: `one with ${shown}`,
    fix: overwrite
      ? 'choose another folder'
      : 'pass --overwrite to replace an earlier export, or choose another folder',
  });
}

async function namesIn(path: string): Promise<string[]> {
  try {
    return await readdir(path);
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return [];
    throw outputFailure(errorCode(error) === 'ENOTDIR' ? asExisting(path) : error, path);
  }
}

function asExisting(path: string): OutputError {
  return new OutputError({
    where: path,
    wanted: 'a folder, or nothing yet',
    got: 'a file',
    fix: 'choose another path',
  });
}
