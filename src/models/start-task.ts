/** @file What a model of texts is to learn, and what it is made of before its first step. */
import type { DownloadProgress } from '../hub/download.js';
import type { Given } from '../options/given.js';
import type { StartSettings } from './start-settings.js';
import type { TextModel } from './text-model.js';

/** What a model of texts is made of before its first step. */
export type TextStart = Pick<TextModel, 'model' | 'weights' | 'tokenizer'> & {
  /** The weights on another seed, for less work than to make the start again. */
  readonly redrawn?: (seed: number) => TextModel['weights'];
};

type Texts = { readonly texts: readonly string[]; readonly pairs?: readonly string[] };

/** What its head is to answer, and the texts that a new vocabulary is made from. */
export type StartTask = {
  /** Empty for a regression. */
  readonly labelNames: readonly string[];
  readonly isRegression: boolean;
  readonly isPair: boolean;
  readonly train: Texts;
  /** Texts without labels that are trained on, too. */
  readonly transfer?: Texts | undefined;
};

/** Told on the way. */
export type StartEvents = {
  readonly onNotice?: (text: string) => void;
  readonly onDownload?: (model: string, progress: DownloadProgress) => void;
};

/** As settings come from a command line; a program may give the model itself. */
export type ChosenStart = Given<StartSettings> & { readonly seed?: number | undefined };

/** How a model that `model` names by its kind is made. */
export type NewModel = {
  /** Settings of the start that say something of it; all others but `model` are refused. */
  readonly settings: readonly (keyof StartSettings)[];
  /** Whether it has to learn what words mean from the rows alone. */
  readonly startsAtRandom: boolean;
  /** @throws OptionError for settings that contradict each other, before anything is read. */
  check?(settings: ChosenStart): void;
  /** @throws OptionError as `check` does, and for what the task does not allow. */
  make(settings: ChosenStart, task: StartTask, events: StartEvents): Promise<TextStart>;
};

/** The names of a head's outputs; a regression has one. */
export function headLabels({
  isRegression,
  labelNames,
}: Pick<StartTask, 'isRegression' | 'labelNames'>): readonly string[] {
  return isRegression ? ['score'] : labelNames;
}
