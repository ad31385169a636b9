/** @file The name of a class on the page: in a sentence, and where there is little room. */
import { html, type Markup } from './markup.js';

export function className(classes: readonly string[], label: number): string {
  return classes[label] ?? `class ${label}`;
}

/** With places to break at: a name such as `balance_not_updated_after_cheque` is one word to a browser. */
export function breakable(name: string): Markup {
  const [first = '', ...others] = name.split(/(?<=_)(?=[^_])/);
  return html`${first}${others.map((part) => html`<wbr>${part}`)}`;
}
