/** @file HTML and SVG as values: whatever is put into a template is escaped, unless it is markup itself. */

const isMarkup: unique symbol = Symbol('markup');

/** A piece of HTML that is safe to insert: made by `html`, or by us by hand. */
export type Markup = { readonly [isMarkup]: true; readonly text: string };

/** Nothing is written for `undefined` and `false`, so that a part can be left out with `condition && part`. */
export type Content = Markup | string | number | undefined | false | readonly Content[];

const ESCAPES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

/** Text as it may stand between tags and inside quoted attributes. */
function escapeHtml(text: string): string {
  // Control characters and halves of surrogate pairs are no HTML.
  return text
    .replace(/[^\P{Cc}\t\n\r]|\p{Cs}/gu, '\uFFFD')
    .replace(/[&<>"']/g, (character) => ESCAPES[character] ?? '');
}

/** A template whose values are escaped. Values stand between tags or in attributes with quotes, and nowhere else. */
export function html(strings: TemplateStringsArray, ...values: readonly Content[]): Markup {
  return trusted(strings.map((string, i) => string + render(values[i])).join(''));
}

/** Text of our own that is markup already. Never for anything that comes from data. */
export function trusted(text: string): Markup {
  return { [isMarkup]: true, text };
}

function render(content: Content): string {
  if (content === undefined || content === false) return '';
  if (typeof content === 'object') return 'text' in content ? content.text : content.map(render).join('');
  return escapeHtml(String(content));
}
