/** @file Answering with an exported model in browsers and workers: `load` without files of its own. */
import type { WebSessionOptions } from '../runtime/web-runtime.js';
import { openWebSession } from '../runtime/web-session.js';
import { loadFrom, type ModelFiles, type SourceOptions } from './model-source.js';
import type { Inference } from './text-model.js';

export type LoadOptions = WebSessionOptions & SourceOptions;

/** `load` of a URL, also one that is relative to the page, or of files in memory. @throws as it does in Node. */
export function load(source: string | URL | ModelFiles, options: LoadOptions = {}): Promise<Inference> {
  const base = (globalThis as { readonly location?: { readonly href: string } }).location?.href;
  const given = typeof source === 'string' && base !== undefined ? new URL(source, base) : source;
  return loadFrom(given, (model) => openWebSession(model, options), options);
}
