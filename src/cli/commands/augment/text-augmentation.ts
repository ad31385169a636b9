/** @file `retort augment`. */
import { join } from 'node:path';
import type { Augmentation } from '../../../augment/augmentation.js';
import { openMlm } from '../../../augment/mlm.js';
import { type Pool, type PoolProgress, writePool } from '../../../augment/pool-file.js';
import { readPosLexicon } from '../../../augment/pos-lexicon.js';
import { tang } from '../../../augment/tang.js';
import { OptionError } from '../../../errors/failures.js';
import { resolveDevice } from '../../../runtime/devices.js';
import { readWordVectors } from '../../../tokenizers/word-vectors.js';
import type { CommandIo, CommandOutput } from '../../command.js';
import { formatCount, formatDuration, formatSeconds } from '../../numbers.js';
import type { OptionValues } from '../../options.js';
import { openGuesser } from '../pretrain/hidden-word-models.js';
import { readUnlabelled, textsName } from '../pretrain/unlabelled-texts.js';
import type { augmentUsage } from './usage.js';

type Options = OptionValues<typeof augmentUsage.options>;
type Flag =
  | 'maskRate'
  | 'posRate'
  | 'ngramRate'
  | 'lexicon'
  | 'maskWord'
  | 'model'
  | 'replaceRate'
  | 'candidates'
  | 'vectors';

const NAMES: Readonly<Record<Flag, string>> = {
  maskRate: '--mask_rate',
  posRate: '--pos_rate',
  ngramRate: '--ngram_rate',
  lexicon: '--lexicon',
  maskWord: '--mask_word',
  model: '--model',
  replaceRate: '--replace_rate',
  candidates: '--candidates',
  vectors: '--vectors',
};

/** The flags that each method reads. */
const READ: Readonly<Record<Options['method'], readonly Flag[]>> = {
  tang: ['maskRate', 'posRate', 'ngramRate', 'lexicon', 'maskWord'],
  masking: ['maskRate', 'maskWord'],
  pos: ['posRate', 'lexicon'],
  ngram: ['ngramRate'],
  mlm: ['model', 'replaceRate', 'candidates', 'vectors'],
};

/** As many words of a file of vectors as TinyBERT's code reads. */
const MOST_VECTORS = 100_000;
const SAY_SECONDS = 10;

/** Writes new texts of a table. All that can be wrong with the flags is found before a model is opened. */
export async function augmentTexts(options: Options, io: CommandIo): Promise<CommandOutput> {
  checkFlags(options);
  const { data, method, seed, originals, resume, overwrite } = options;
  const device = await resolveDevice(options.device);
  const path = options.outputFile ?? join('outputs', `${textsName(data)}-${method}.jsonl`);
  const table = await readUnlabelled([data], options, io);
  let augmentation: Augmentation | undefined;
  try {
    augmentation = await openAugmentation(options, device, io);
    const signal = io.interruption();
    const pool = await writePool(path, table, augmentation, {
      seed,
      hasOriginals: originals,
      resume,
      overwrite,
      signal,
      onProgress: sayer(io),
    });
    return outputOf(path, table.size, method, pool);
  } finally {
    await augmentation?.release?.();
  }
}

/** @throws OptionError for a flag that the method does not read, or one that it cannot do without. */
function checkFlags(options: Options): void {
  const { method } = options;
  for (const flag of Object.keys(NAMES) as Flag[]) {
    if (options[flag] === undefined || READ[method].includes(flag)) continue;
    const readers = Object.entries(READ).filter(([, flags]) => flags.includes(flag));
    throw new OptionError({
      where: NAMES[flag],
      wanted: readers.map(([name]) => `--method ${name}`).join(' or '),
      got: `--method ${method}`,
      fix: 'leave the flag out',
    });
  }
  if (method === 'mlm' && options.model === undefined) {
    throw new OptionError({
      where: '--model',
      wanted: 'a masked language model for --method mlm',
      got: 'none',
      fix: 'train one with retort pretrain, or name one that was',
    });
  }
}

async function openAugmentation(options: Options, device: string, io: CommandIo): Promise<Augmentation> {
  const { method, copies, replaceRate, candidates, threads } = options;
  const given = { ...(copies !== undefined && { copies }) };
  if (method === 'mlm') {
    return openMlm({
      ...given,
      ...(replaceRate !== undefined && { replaceRate }),
      ...(candidates !== undefined && { candidates }),
      ...(threads !== undefined && { threads }),
      device,
      model: await openGuesser('--model', options.model ?? '', io),
      ...(options.vectors !== undefined && {
        vectors: await readWordVectors(options.vectors, { maxWords: MOST_VECTORS }),
      }),
    });
  }
  const { maskWord, lexicon } = options;
  const rate = (flag: 'maskRate' | 'posRate' | 'ngramRate') =>
    READ[method].includes(flag) ? { ...(options[flag] !== undefined && { [flag]: options[flag] }) } : { [flag]: 0 };
  return tang({
    ...given,
    ...rate('maskRate'),
    ...rate('posRate'),
    ...rate('ngramRate'),
    ...(maskWord !== undefined && { maskWord }),
    ...(lexicon !== undefined && { lexicon: await readPosLexicon(lexicon) }),
  });
}

/** Says how far the work is, every so many seconds. */
function sayer(io: CommandIo): (progress: PoolProgress) => void {
  let saidAt = 0;
  return ({ rows, totalRows, resumedAtRow, texts, seconds }) => {
    if (saidAt === 0 && resumedAtRow > 0) io.say(`goes on at row ${formatCount(resumedAtRow + 1)}`);
    if (rows < totalRows && seconds - saidAt < SAY_SECONDS) return;
    saidAt = seconds;
    const rate = (rows - resumedAtRow) / seconds;
    const left = rows < totalRows && rate > 0 ? `, about ${formatDuration((totalRows - rows) / rate)} left` : '';
    io.say(
      `${formatCount(rows)} of ${formatCount(totalRows)} rows, ${formatCount(texts)} texts, ` +
        `${rate < 10 ? rate.toFixed(1) : formatCount(Math.round(rate))} rows/s, ${formatSeconds(seconds)}${left}`,
    );
  };
}

function outputOf(path: string, rows: number, method: string, { status, texts }: Pool): CommandOutput {
  const what = `${formatCount(texts)} texts of ${formatCount(rows)} rows`;
  return {
    text: `${what}${status === 'already-made' ? ', made before of the same things' : ''}\nsaved    ${path}`,
    json: { status, method, rows, texts, file: path },
  };
}
