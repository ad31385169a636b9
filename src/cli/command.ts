import type { DownloadProgress } from '../hub/download.js';
import type { Json } from '../options/json.js';
import type { FineTuneEvent } from '../training/text/fine-tune.js';
import type { LabellingView } from './labelling-lines.js';
import { type OptionTable, type OptionValues, type RawOptions, readOptions } from './options.js';

/** What a command says about itself; help and parsing need no more than this. */
export type CommandUsage<T extends OptionTable = OptionTable> = {
  /** kebab-case; users may write it in snake_case as well. */
  readonly name: string;
  /** One line, for the list of commands. */
  readonly summary: string;
  /** What a newcomer should know before the first run. */
  readonly description?: string;
  readonly options: T;
  readonly examples: readonly Example[];
  /** It trains several models and says a line about each, so their epochs are not shown. */
  readonly hasManyRuns?: true;
  /** It takes a retort.yaml among its words, and what it takes from there. */
  readonly config?: ConfigUse;
  /** More for its help page, from data that other help pages should not load. */
  readonly furtherHelp?: (words: readonly string[], columns: number) => Promise<string>;
};

/** `train`, `distill`: all options; `ask`: those of the data and the teacher; `serve`: those of its section; `compare`: the experiment that it says; `doctor`: what is to be looked at. */
export type ConfigUse = 'train' | 'distill' | 'ask' | 'serve' | 'compare' | 'doctor';

export type Example = { readonly does: string; readonly line: string };

export type ConfigSource = { readonly path: string; readonly options: ReadonlySet<string> };

/** What a command gets from the frame besides its options. */
export type CommandIo = {
  readonly stdin: NodeJS.ReadableStream;
  /** Columns of the terminal that gets the results; undefined for a pipe or file. */
  readonly columns: number | undefined;
  /** Writes results that come one by one; the others are returned. Waits for a reader that is slower. */
  readonly write: (text: string) => Promise<void>;
  /** Where the progress goes: hand it to the trainer. */
  readonly onEvent: (event: FineTuneEvent) => void;
  /** How far the download of a model is. */
  readonly onDownload: (model: string, progress: DownloadProgress) => void;
  /** How far a teacher is with its answers. */
  readonly onLabelling: (teacher: string, view: LabellingView) => void;
  /** A line of the command's own among the progress; `--quiet` silences it. */
  readonly say: (line: string) => void;
  /** A remark on stderr; `--quiet` silences it. */
  readonly onNotice: (text: string) => void;
  /**
   * For a run that can stop after the current step and leave a state to resume from: aborted by the first Ctrl-C.
   * Until a command asks for it, Ctrl-C ends the process at once.
   */
  readonly interruption: () => AbortSignal;
  /** What was typed, to be recorded with a run: `retort mnist --seed 1`. */
  readonly commandLine: string;
  /** The text of the retort.yaml among the words, to be recorded with it. */
  readonly config?: string;
  /** That file, and the options that are its word and no flag's. */
  readonly fromConfig?: ConfigSource;
  /** Asks for a yes; undefined where nobody can be asked. */
  readonly confirm?: (question: string) => Promise<boolean>;
};

/** What a record says of how it came about. */
export function askedBy({ commandLine, config }: CommandIo): { readonly command: string; readonly config?: string } {
  return { command: commandLine, ...(config !== undefined && { config }) };
}

/** The result of a command: `json` is printed with `--json`, `text` without. */
export type CommandOutput = {
  readonly json: Json;
  readonly text: string;
  /** For a command whose result is that something is wrong. Default: 0. */
  readonly exitCode?: 1;
};

/** A command as the frame sees it, with the type of its options closed over. */
export type Command = {
  readonly usage: CommandUsage;
  /** @throws OptionError before any work if the options are wrong */
  readonly start: (raw: RawOptions) => {
    readonly notices: readonly string[];
    /** A command that writes its results itself, as a stream, returns nothing. */
    readonly run: (io: CommandIo) => Promise<CommandOutput | undefined>;
  };
};

/**
 * Joins a usage with the code that does the work, which is loaded when the command runs: `--help` and a wrong flag answer
 * at once and load nothing native.
 */
export function command<const T extends OptionTable>(
  usage: CommandUsage<T>,
  load: () => Promise<(options: OptionValues<T>, io: CommandIo) => Promise<CommandOutput | undefined>>,
): Command {
  return {
    usage,
    start: (raw) => {
      const { values, notices } = readOptions(`retort ${usage.name}`, usage.options, raw);
      return { notices, run: async (io) => (await load())(values, io) };
    },
  };
}
