/** @file A row of the evaluation set as a picture or as texts, and what several models predict of it. */
import { shortened } from '../errors/shortened.js';
import type { EvidenceExample } from '../experiments/experiment-record.schema.js';
import { type Content, html, type Markup } from './markup.js';
import { encodeGreyPng } from './png.js';

/** A larger picture is left out: the report has to stay small. */
const MOST_PIXELS = 64 * 64;
/** Of two texts, as records have them. */
const MOST_CHARACTERS = 801;

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
  const what = label === undefined ? 'its class is not known' : `class ${classes[label] ?? label}`;
  return html`<img src="${source}" width="${width}" height="${height}" alt="Image ${id}, ${what}">`;
}

/** Pictures stand beside what is said of them, texts above it: a text needs the whole width. */
export function viewKind({ text }: EvidenceExample): 'texts' | 'picture' {
  return text === undefined ? 'picture' : 'texts';
}

export type ShownAnswer = {
  readonly by: string;
  readonly said: Content;
  /** Beside it: a probability. */
  readonly more?: string | undefined;
  readonly isRight?: boolean | undefined;
};

/** An example in a list: the row, what is right of it, and the answers below each other. */
export function exampleItem(
  example: EvidenceExample,
  classes: readonly string[],
  right: Content,
  answers: readonly ShownAnswer[],
): Markup {
  return html`<li class="${viewKind(example)}">${exampleView(example, classes)}<div class="said"><p>row ${example.id}${right !== undefined && html`: <b>${right}</b>`}</p>
<ul class="answers">${answers.map(
    ({ by, said, more, isRight }) =>
      html`<li>${isRight !== undefined && rightMark(isRight)}<span class="by">${by}</span> <span>${said}</span>${more !== undefined && html` <span class="soft">${more}</span>`}</li>`,
  )}</ul></div></li>`;
}

function rightMark(isRight: boolean): Markup {
  return isRight
    ? html`<span class="mark yes" role="img" aria-label="right">✓</span>`
    : html`<span class="mark not" role="img" aria-label="wrong">✗</span>`;
}
