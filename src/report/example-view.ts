/** @file A row of the evaluation set as a picture or a text. */
import { shortened } from '../errors/shortened.js';
import type { EvidenceExample } from '../experiments/experiment-record.schema.js';
import { html, type Markup } from './markup.js';
import { encodeGreyPng } from './png.js';

/** A larger picture is left out: the report has to stay small. */
const MOST_PIXELS = 64 * 64;
const MOST_CHARACTERS = 400;

/** @returns undefined for a row that is neither picture nor text. */
export function exampleView(
  { id, label, image, text }: EvidenceExample,
  classes: readonly string[],
): Markup | undefined {
  if (text !== undefined) return html`<blockquote>${shortened(text, MOST_CHARACTERS)}</blockquote>`;
  if (image === undefined || image.width * image.height > MOST_PIXELS) return undefined;
  const { width, height } = image;
  const pixels = Buffer.from(image.pixels, 'base64');
  if (pixels.length !== width * height) return undefined;
  const source = `data:image/png;base64,${encodeGreyPng(width, height, pixels).toString('base64')}`;
  const what = label === undefined ? 'its class is not known' : `a ${className(classes, label)}`;
  return html`<img src="${source}" width="${width}" height="${height}" alt="Image ${id}, ${what}">`;
}

export function className(classes: readonly string[], label: number): string {
  return classes[label] ?? `class ${label}`;
}
