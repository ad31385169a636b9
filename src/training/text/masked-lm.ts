/**
 * @file Training a masked language model on texts without labels: what comes before fine-tuning (Devlin et al. 2019,
 * arXiv:1810.04805, section 3.1), and the stage in which DistilBERT's students learn (Sanh et al. 2019, arXiv:1910.01108).
 */
import { maskTokens } from '../../data/masked-texts.js';
import { textDataset } from '../../data/text-dataset.js';
import { type TextTable, withoutLabels } from '../../data/text-table.js';
import { OptionError } from '../../errors/failures.js';
import type { Method } from '../../methods/method.js';
import { supervised } from '../../methods/supervised.js';
import { FAMILY_NAMES } from '../../models/families.js';
import { answersAtPositions } from '../../models/masked-positions.js';
import { readLength } from '../../models/start.js';
import type { TextModel } from '../../models/text-model.js';
import { isMaskedLm, MASKED_LM } from '../../models/with-masked-lm-head.js';
import { defined, type Given, givenOptions } from '../../options/given.js';
import type { Teacher } from '../../teachers/teacher.js';
import { readPieces } from '../../tokenizers/pieces.js';
import { openMaskedLmEvaluator } from '../evaluation/masked-lm-evaluator.js';
import { runTraining } from '../run/run.js';
import type { RunOptions, RunResult } from '../run/run-options.js';
import { textRun } from './text-run.js';
import { TEXT_SETTINGS, type TextSettings } from './text-settings.js';

/** Of the run, as its caller says. */
const HANDED_ON = [
  'threads',
  'device',
  'resume',
  'overwrite',
  'saveTopK',
  'stateSeconds',
  'command',
  'onEvent',
  'signal',
] as const satisfies readonly (keyof RunOptions)[];

export type MaskedLmOptions = Given<TextSettings> &
  Given<Pick<RunOptions, (typeof HANDED_ON)[number]>> &
  Pick<RunOptions, 'outputDir'> & {
    /** An encoder with the head `masked-lm` (`withMaskedLmHead`). */
    readonly model: Pick<TextModel, 'model' | 'weights' | 'tokenizer'>;
    readonly texts: TextTable;
    readonly evaluation?: TextTable | undefined;
    /** Share of the tokens that are to be guessed. Default: 0.15. */
    readonly rate?: number | undefined;
    /** Tokens of a text that are read. Default: 128, or what the model has positions for. */
    readonly maxLength?: number | undefined;
    /** What learns from a teacher: `distilBert()`. Default: the hidden words alone. */
    readonly method?: Method | undefined;
    /** A masked language model of the same tokenizer (`modelTeacher`). It reads what the student reads. */
    readonly teacher?: Teacher | undefined;
    /**
     * Where logits are computed: at hidden words, or at all tokens, which takes several times the memory and lets the
     * teacher's answers to words that were not hidden count too. Default: `masked`.
     */
    readonly answersAt?: 'masked' | 'all' | undefined;
    /** Of order, hidden words and dropout. Default: 42. */
    readonly seed?: number | undefined;
  };

const SEED = 42;

/** What `runTraining` is to be given. @throws as `trainMaskedLm` does. */
export async function maskedLmRun(options: MaskedLmOptions): Promise<RunOptions> {
  const { model: start, texts, evaluation, rate, maxLength, answersAt = 'masked', seed = SEED } = options;
  const { model, weights, tokenizer } = start;
  if (!isMaskedLm(model)) {
    throw new OptionError({
      where: 'masked language model',
      wanted: `an encoder with the head ${MASKED_LM} (${FAMILY_NAMES.join(', ')})`,
      got: `a ${model.kind} with the head ${String(model.config.head ?? 'none')}`,
      fix: 'give it one with withMaskedLmHead',
    });
  }
  const pieces = await readPieces(tokenizer);
  const cut = { model, maxLength: readLength(start, maxLength) };
  const train = textDataset(withoutLabels(texts), tokenizer, cut);
  const masking = maskTokens({ pieces, answersAt, ...defined({ rate }) });
  const { method = supervised(), teacher, outputDir, epochs = TEXT_SETTINGS.epochs.usual.encoder } = options;
  return {
    ...textRun({ ...options, epochs }, model, train),
    model: answersAt === 'masked' ? answersAtPositions(model) : model,
    weights,
    method,
    ...(teacher && { teacher: answersAt === 'masked' ? askedAtPositions(teacher) : teacher }),
    data: { train, ...(evaluation && { evaluation: textDataset(withoutLabels(evaluation), tokenizer, cut) }) },
    perturbation: masking,
    openEvaluator: (asked) => openMaskedLmEvaluator({ ...asked, masking, seed }),
    seed,
    outputDir,
    ...givenOptions(options, HANDED_ON),
  };
}

/** The teacher, asked at hidden words alone as the student is. */
function askedAtPositions(teacher: Teacher): Teacher {
  const { traced } = teacher;
  return traced === undefined
    ? teacher
    : { ...teacher, traced: { ...traced, model: answersAtPositions(traced.model) } };
}

/**
 * Trains a masked language model: its output folder is that of a run (`runTraining`), resumable to the same bytes, and
 * what is saved is the encoder with its head. Metrics: `accuracy` of hidden words, `loss`, `perplexity`.
 * @throws OptionError for a model with another head, or a tokenizer without a mask token; as `runTraining`
 *   does.
 */
export async function trainMaskedLm(options: MaskedLmOptions): Promise<RunResult> {
  return runTraining(await maskedLmRun(options));
}
