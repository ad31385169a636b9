/** @file Data augmentation by names and a few numbers: texts in, a file of new texts out. */
import { join } from 'node:path';
import { dataName } from '../data/open-task.js';
import type { TextTable } from '../data/text-table.js';
import { openUnlabelled } from '../data/unlabelled-texts.js';
import { OptionError } from '../errors/failures.js';
import { openMaskedLm } from '../methods/masked-lm.js';
import type { HubEvents } from '../models/find-on-hub.js';
import { defined, type Given, settingsOf } from '../options/given.js';
import { resolveDevice } from '../runtime/devices.js';
import { readWordVectors } from '../tokenizers/word-vectors-file.js';
import { AUGMENT_SETTINGS, type AugmentSettings } from './augment-settings.js';
import type { Augmentation } from './augmentation.js';
import { deletion } from './deletion.js';
import { openMlm } from './mlm.js';
import { type Pool, type PoolOptions, writePool } from './pool-file.js';
import { readPosLexicon } from './pos-lexicon.js';
import { tang } from './tang.js';

export type AugmentTextsOptions = Given<AugmentSettings> &
  Given<Pick<PoolOptions, 'onProgress' | 'signal'>> &
  HubEvents & {
    /** A set by name, whose training rows are used, or a file; or texts that a program has read. */
    readonly data: string | TextTable;
  };

export type AugmentedTexts = Pool & {
  /** The file of the new texts. */
  readonly path: string;
  /** Of the texts they were made of. */
  readonly rows: number;
};

/** As many words of a file of vectors as TinyBERT's code reads. */
const MOST_VECTORS = 100_000;

/**
 * Writes new texts for a teacher to label, as `retort augment` does. All that can be wrong with the settings is found before
 * a model is opened.
 * @throws OptionError for settings that the method does not read, or one that it cannot do without; as `openUnlabelled` and
 *   `writePool` do.
 */
export async function augment(options: AugmentTextsOptions): Promise<AugmentedTexts> {
  const settings = settingsOf(AUGMENT_SETTINGS, options);
  expectRead(settings);
  const { data, onNotice } = options;
  const { method, seed, originals: hasOriginals, resume, overwrite } = settings;
  const device = await resolveDevice(settings.device);
  const name = typeof data === 'string' ? dataName(data) : data.name;
  const { outputFile: path = join('outputs', `${name}-${method}.jsonl`) } = settings;
  const table = typeof data === 'string' ? await openUnlabelled([data], settings, onNotice) : data;
  const augmentation = await openAugmentation({ ...settings, device }, options);
  try {
    const { onProgress, signal } = options;
    const pool = { seed, hasOriginals, resume, overwrite, ...defined({ onProgress, signal }) };
    return { ...(await writePool(path, table, augmentation, pool)), path, rows: table.size };
  } finally {
    await augmentation.release?.();
  }
}

type Settings = ReturnType<typeof settingsOf<typeof AUGMENT_SETTINGS>>;
type Name = keyof Settings;

/** Of a setting the methods that read it; undefined where all do. */
const readersOf = (name: Name): readonly string[] | undefined => ({ of: undefined, ...AUGMENT_SETTINGS[name] }).of;

/** @throws OptionError for a setting that the method does not read, or one that it cannot do without. */
function expectRead(settings: Settings): void {
  const { method, model } = settings;
  for (const where of Object.keys(AUGMENT_SETTINGS) as Name[]) {
    const readers = readersOf(where);
    if (settings[where] === undefined || (readers?.includes(method) ?? true)) continue;
    const wanted = `method ${readers?.join(' or ')}`;
    throw new OptionError({ where, wanted, got: `method ${method}`, fix: 'leave it out' });
  }
  if (method !== 'mlm' || model !== undefined) return;
  throw new OptionError({
    where: 'model',
    wanted: 'a masked language model for method mlm',
    got: 'none',
    fix: 'train one with retort pretrain',
  });
}

async function openAugmentation(settings: Settings, events: HubEvents): Promise<Augmentation> {
  const { method, copies, replaceRate, candidates, threads, device, model = '', vectors, maskWord, lexicon } = settings;
  if (method === 'mlm') {
    const read = vectors === undefined ? undefined : await readWordVectors(vectors, { maxWords: MOST_VECTORS });
    return openMlm({
      ...defined({ copies, replaceRate, candidates, threads, vectors: read }),
      device,
      model: await openMaskedLm(model, events),
    });
  }
  if (method === 'deletion') return deletion(defined({ copies, deleteRate: settings.deleteRate }));
  const rate = (name: 'maskRate' | 'posRate' | 'ngramRate') => (readersOf(name)?.includes(method) ? settings[name] : 0);
  const rates = { maskRate: rate('maskRate'), posRate: rate('posRate'), ngramRate: rate('ngramRate') };
  const words = lexicon === undefined ? undefined : await readPosLexicon(lexicon);
  return tang(defined({ copies, ...rates, maskWord, lexicon: words }));
}
