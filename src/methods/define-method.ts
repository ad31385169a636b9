/** @file How a method is written down: its options with ranges, its needs, its losses. One call, checked types. */
import { OptionError } from '../errors/failures.js';
import type { RowLoss } from '../losses/row-loss.js';
import type { SignalName, Signals } from '../models/model.js';
import type { ParameterSpec } from '../nn/module.js';
import { expectFitting, type OptionSpec, type OptionValue } from '../options/option-spec.js';
import type { LossInputs, Method, MethodSizes, Progress } from './method.js';
import { phased, type Stages } from './phased.js';
import type { RowTargets } from './row-targets.js';
import type { View } from './views.js';

/**
 * An option, with a default. Its kind may be left out of a number and of a choice; a plain number or boolean is an option
 * with that default, any value and no help.
 */
export type OptionSpecs = Readonly<Record<string, number | boolean | DefaultedSpec | ShortSpec>>;
type Defaulted<S> = S extends { readonly default?: infer D } ? S & { readonly default: Exclude<D, undefined> } : never;
type DefaultedSpec = Defaulted<OptionSpec>;
type Short<K> = Omit<Extract<DefaultedSpec, { readonly kind: K }>, 'kind'> & { readonly kind?: never };
type ShortSpec = Short<'integer' | 'number'> | Short<'choice'>;

export type OptionsOf<S extends OptionSpecs> = {
  readonly [K in keyof S]: S[K] extends boolean | { readonly kind: string }
    ? S[K] extends boolean
      ? boolean
      : OptionValue<S[K]>
    : S[K] extends { readonly choices: readonly string[] }
      ? OptionValue<S[K] & { readonly kind: 'choice' }>
      : number;
};

/** A short form written out. */
export function wholeSpec(given: OptionSpecs[string]): DefaultedSpec {
  if (typeof given === 'number') return { kind: 'number', default: given, help: '' };
  if (typeof given === 'boolean') return { kind: 'switch', default: given, help: '' };
  if (given.kind !== undefined) return given;
  return 'choices' in given ? { ...given, kind: 'choice' } : { ...given, kind: 'number' };
}

/** Signals of which those named are there. */
type WithSignals<N extends SignalName> = Signals & Required<Pick<Signals, N>>;

/** What a method's losses are made from; the signals it needs are there, on both sides. */
export type MethodInputs<N extends SignalName> = Omit<LossInputs, 'student' | 'teacher'> & {
  readonly student: WithSignals<N>;
  readonly teacher: WithSignals<N>;
};

export type MethodDefinition<S extends OptionSpecs, N extends SignalName> = {
  /** As on the command line. */
  readonly name: string;
  /** Teacher signals; a function where they depend on the options. */
  readonly needs: readonly N[] | ((options: OptionsOf<S>) => readonly N[]);
  /** It compares classes, and has no form for a model of one score; a function where that depends on the options. */
  readonly isForClasses?: true | ((options: OptionsOf<S>) => boolean);
  /** Classes it takes at least, where two are too few. */
  readonly leastClasses?: number;
  readonly options: S;
  /** Defaults that depend on other options, and checks across them. Sees what the caller gave, in range. */
  readonly defaults?: (given: Partial<OptionsOf<S>>) => Partial<OptionsOf<S>>;
  /** What is trained beside the student, from the sizes of both sides; its layers run on the losses' `context`. */
  readonly parameters?: (sizes: MethodSizes, options: OptionsOf<S>) => readonly ParameterSpec[];
  /** Further forward passes on changed inputs (`mixup`), `views` of the losses' inputs. */
  readonly views?: (options: OptionsOf<S>) => Readonly<Record<string, View>>;
  /** How many networks of the student's kind are trained beside it, `peers` of the losses' inputs. */
  readonly peers?: (options: OptionsOf<S>) => number;
  /** Numbers that may change from step to step: graph inputs, `scalars` of the losses' inputs. */
  readonly scalars?: (options: OptionsOf<S>, progress: Progress) => Readonly<Record<string, number>>;
  /** The terms, by the names under which they are logged; their sum is minimised. */
  readonly losses: (inputs: MethodInputs<N>, options: OptionsOf<S>) => Readonly<Record<string, RowLoss>>;
  /** Those of the terms that come from labels, or scores, alone. Default: `hard`. */
  readonly labelTerms?: readonly string[];
  /**
   * What each row is to be taught, where with these options that is one distribution that does not depend on the student: a
   * linear model is then fitted to it by a convex solver.
   */
  readonly rowTargets?: (options: OptionsOf<S>) => RowTargets | undefined;
  /** The stages, if with these options it has several. Its needs are then theirs, and `losses` those of the last. */
  readonly phases?: (options: OptionsOf<S>) => Stages | undefined;
};

/** Makes the method from options, all of them optional. */
export type MethodFactory<S extends OptionSpecs> = ((options?: Partial<OptionsOf<S>>) => Method) & {
  /** The data that flags, config and docs derive from. */
  readonly definition: { readonly name: string; readonly options: S };
  /** The same for options from flags or a file, whose types nobody has checked. */
  readonly fromRecord: (options: Readonly<Record<string, unknown>>) => Method;
};

/** A factory of any method, as the table of methods holds them. */
export type AnyMethodFactory = Pick<MethodFactory<OptionSpecs>, 'definition' | 'fromRecord'> & {
  /** Options of another method that may stand beside its own, by what one of its own options says. */
  readonly beside?: { readonly option: string; readonly specs: Readonly<Record<string, OptionSpecs>> };
};

/** All options that may be given together with these: the method's own, and those of a method that they name. */
export function specsBeside(
  { definition, beside }: AnyMethodFactory,
  given: Readonly<Record<string, unknown>>,
): OptionSpecs {
  const { options } = definition;
  if (beside === undefined) return options;
  const own = options[beside.option];
  const said = given[beside.option] ?? (own === undefined ? undefined : wholeSpec(own).default);
  const other = Object.hasOwn(beside.specs, String(said)) ? beside.specs[String(said)] : {};
  return { ...other, ...options };
}

/**
 * The options that were given, each known and in range; undefined ones were not given.
 * @throws OptionError for one that is not.
 */
export function checkedOptions<S extends OptionSpecs>(
  name: string,
  specs: S,
  options: Readonly<Record<string, unknown>>,
): Partial<OptionsOf<S>> {
  const given = Object.entries(options).filter(([, value]) => value !== undefined);
  for (const [option, value] of given) {
    const spec = Object.hasOwn(specs, option) ? specs[option] : undefined;
    if (spec === undefined) {
      throw new OptionError({
        where: `method '${name}'`,
        wanted: `options ${Object.keys(specs).join(', ') || 'none'}`,
        got: `'${option}'`,
      });
    }
    expectFitting(`${option} of method '${name}'`, wholeSpec(spec), value);
  }
  return Object.fromEntries(given) as Partial<OptionsOf<S>>; // as the loop has made sure
}

/**
 * Defines a distillation method. Returns a function from options, all of them optional, to the method:
 *
 *     const myKd = defineMethod({ name: 'my-kd', needs: ['logits'], options: { alpha: 0.5 }, losses: … });
 *     distill({ method: myKd({ alpha: 0.9 }), … });
 *
 * @throws OptionError (by that function) for an option that is unknown or out of range.
 */
export function defineMethod<const S extends OptionSpecs, const N extends SignalName>(
  definition: MethodDefinition<S, N>,
): MethodFactory<S> {
  const {
    name,
    options: specs,
    needs,
    isForClasses = () => false,
    leastClasses,
    defaults,
    parameters,
    views,
    peers,
    scalars,
    losses,
    phases,
    labelTerms,
    rowTargets,
  } = definition;
  const plainDefaults = Object.fromEntries(
    Object.entries(specs).map(([option, spec]) => [option, wholeSpec(spec).default]),
  );
  const fromRecord = (record: Readonly<Record<string, unknown>>): Method => {
    const given = checkedOptions(name, specs, record);
    // Every key of S is in `plainDefaults`.
    const options = { ...plainDefaults, ...defaults?.(given), ...given } as OptionsOf<S>;
    const isDefault = 'temperature' in specs && given.temperature === undefined;
    const softened = isDefault && { atTemperature: (temperature: number) => fromRecord({ ...given, temperature }) };
    const stages = phases?.(options);
    const targets = rowTargets?.(options);
    if (stages !== undefined) return { ...phased({ name, options, stages }), ...softened };
    return {
      ...softened,
      name,
      needs: typeof needs === 'function' ? needs(options) : needs,
      isForClasses: isForClasses === true || isForClasses(options),
      ...(leastClasses !== undefined && { leastClasses }),
      options,
      ...(parameters && { parameters: (sizes) => parameters(sizes, options) }),
      ...(views && { views: views(options) }),
      ...(peers && { peers: peers(options) }),
      ...(scalars && { scalars: (_options, progress) => scalars(options, progress) }),
      // The trainer gives every signal that `needs` names, or stops before any work starts.
      losses: (inputs) => losses(inputs as MethodInputs<N>, options),
      ...(labelTerms && { labelTerms }),
      ...(targets && { rowTargets: targets }),
    };
  };
  const make = (options: Partial<OptionsOf<S>> = {}): Method => fromRecord(options);
  return Object.assign(make, { definition: { name, options: specs }, fromRecord });
}
