/** @file Models that `model` names by their kind: they are made for the texts of a task, and start without training. */
import { newBilstm } from './new-bilstm.js';
import { newNgram } from './new-ngram.js';
import { newStatic } from './new-static.js';
import { START_SETTINGS, type StartSettings } from './start-settings.js';
import type { ChosenStart, NewModel } from './start-task.js';

export const NEW_MODELS = { bilstm: newBilstm, ngram: newNgram, static: newStatic } as const satisfies Readonly<
  Record<string, NewModel>
>;

/** Of an encoder alone. */
const OF_ENCODERS: readonly (keyof StartSettings)[] = ['layers', 'from'];

/** How the model that is asked for is made; undefined for one that is opened. */
export function newModelOf({ model }: ChosenStart): NewModel | undefined {
  return Object.entries<NewModel>(NEW_MODELS).find(([kind]) => kind === model)?.[1];
}

/** The first setting that does nothing for the model that was chosen, and in words what it is a setting of. */
export function idleSetting(settings: ChosenStart): { readonly where: string; readonly wanted: string } | undefined {
  const read = newModelOf(settings)?.settings ?? OF_ENCODERS;
  const where = (Object.keys(START_SETTINGS) as (keyof StartSettings)[]).find(
    (name) => name !== 'model' && settings[name] !== undefined && !read.includes(name),
  );
  return where === undefined ? undefined : { where, wanted: readersOf(where) };
}

function readersOf(name: keyof StartSettings): string {
  const kinds = Object.entries<NewModel>(NEW_MODELS).flatMap(([kind, { settings }]) =>
    settings.includes(name) ? [kind] : [],
  );
  return [...(OF_ENCODERS.includes(name) ? ['an encoder'] : []), ...kinds.map((kind) => `model ${kind}`)].join(' or ');
}
