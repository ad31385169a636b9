/**
 * @file A setting of what is trained: an option, and where it may be set. One entry says all: flags of commands, keys of a
 * retort.yaml, its JSON Schema and page, checks, defaults, and what is compared when a run is resumed derive from it. The
 * table stands in the file of the interface that programs use, which it `satisfies`.
 */
import type { OptionSpec, Portion } from './option-spec.js';

/** What a flag has besides its value. */
export type FlagBase = {
  /** Heading of the help page under which the flag stands. */
  readonly group: string;
  /** The flag without its dashes, where it is not the snake_case form of the key. */
  readonly flag?: string;
  /** Of several methods those that read it, where not all do. */
  readonly of?: readonly string[];
  /** Shorter names under which it may be written too. */
  readonly aliases?: readonly string[];
  /** What to do when a required flag is missing. */
  readonly fixWhenMissing?: string;
  /** What functions that take it under another name call it in their messages. */
  readonly saidAs?: readonly string[];
  /** Flags with the values that a switch is short for. */
  readonly shortFor?: Readonly<Record<string, string>>;
  /** A switch that contradicts this one. */
  readonly conflictsWith?: string;
  /** A sentence for the user about a value that is taken but does less than they may think. */
  readonly notice?: (value: number) => string | undefined;
};

/** Commands that train: a setting is of all of them unless it says which. */
export type TrainingCommand = 'train' | 'distill' | 'pretrain';

/** How a retort.yaml has a setting, where that is not its own name in the section of its table. */
export type YamlKey = {
  readonly section?: string;
  readonly key?: string;
  /** `path`: starts at the config's folder; `name`: so, where there is something of that name; `prompt`: after an @. */
  readonly place?: 'path' | 'name' | 'prompt';
  /**
   * `list`: a list of values, or one; `numbers`: a list of numbers; `words`: label -> a word, or a list of them;
   * `descriptions`: label -> a text, or nothing; `column`: a name, or a number.
   */
  readonly form?: 'list' | 'numbers' | 'words' | 'descriptions' | 'column';
  /** Where the option takes more than the key. */
  readonly choices?: readonly string[];
  /** The values in words, where the option's own would not do. */
  readonly takes?: string;
  /** In the place of the option's help and default, where these speak of flags. */
  readonly help?: string;
  readonly defaultSays?: string;
  /** The setting that it is when `retort train` trains the teacher of the config. */
  readonly ofTeacher?: string;
};

export type Setting = OptionSpec &
  FlagBase & {
    readonly only?: readonly TrainingCommand[];
    /** It is the same for each model that is trained; else it is the student's, and a teacher has its own. */
    readonly ofEveryModel?: true;
    /** It says how steps are taken, and nothing to a solver that takes none. */
    readonly ofSteps?: true;
    /** Of several keys each says something else; `flag alone` keeps it out of a config. */
    readonly yaml?: YamlKey | readonly YamlKey[] | 'flag alone';
    /** Why two runs that differ in it alone are one run; all others are compared when a run is resumed. */
    readonly decidesNothing?: string;
  };

type KindOf<V> = [V] extends [boolean]
  ? 'switch' | 'yes-no'
  : [V] extends [number]
    ? 'integer' | 'number'
    : [V] extends [string]
      ? 'text' | 'choice'
      : [V] extends [Portion]
        ? 'portion'
        : never;

/** An entry for each option of an interface, of its kind. */
export type SettingTable<T = Readonly<Record<string, never>>> = {
  readonly [K in keyof T]-?: Setting & { readonly kind: KindOf<Exclude<T[K], undefined>> };
};

export type AnySettings = Readonly<Record<string, Setting>>;

/** Those of a table that a command takes. */
export type TakenBy<T, C extends TrainingCommand> = {
  readonly [K in keyof T as T[K] extends { readonly only: readonly (infer Named)[] }
    ? C extends Named
      ? K
      : never
    : K]: T[K];
};

export function takenBy<const T extends AnySettings, const C extends TrainingCommand>(
  table: T,
  command: C,
): TakenBy<T, C> {
  const taken = Object.entries(table).filter(([, { only }]) => only === undefined || only.includes(command));
  return Object.fromEntries(taken) as TakenBy<T, C>; // by the rule that the type writes down
}

/** The same with the defaults of encoders alone, for a command that trains nothing else. */
export function forEncoders<const T extends AnySettings>(table: T): T {
  const settings = Object.entries(table).map(([name, setting]) => {
    const { encoder } = { encoder: undefined, ...('usual' in setting && setting.usual) };
    return [name, encoder === undefined ? setting : { ...setting, usual: { encoder } }] as const;
  });
  return Object.fromEntries(settings) as unknown as T;
}

/** By name, why a setting decides no number. */
export function decidingNothing(...tables: readonly AnySettings[]): Readonly<Record<string, string>> {
  return Object.fromEntries(
    tables.flatMap((table) =>
      Object.entries(table).flatMap(([name, { decidesNothing: why }]) => (why === undefined ? [] : [[name, why]])),
    ),
  );
}
