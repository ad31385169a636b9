/** @file What stands in the place of a part that trains, where there is nothing to train with. */
import { el } from '../element.js';
import type { PartContext } from '../part.js';

/** @returns whether ONNX Runtime is there; if not, `element` now says how to get it. */
export function hasRuntime(element: HTMLElement, { site }: PartContext): boolean {
  if (site.runtime !== null) return true;
  element.append(
    el(
      'div',
      { class: 'callout' },
      el('p', {}, 'This part trains in your browser, with ONNX Runtime’s WebAssembly build. It is not installed here:'),
      el('pre', {}, site.install),
      el('p', {}, 'Then start retort playground again.'),
    ),
  );
  return false;
}
