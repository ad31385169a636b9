/** Elements of HTML that have no end tag; those of SVG say so themselves. */
const VOID = new Set(['meta', 'img', 'br', 'wbr']);

/** Tags and text of a page, style sheet left out. Attributes hold no `>`: they are escaped. */
function tagsOf(page: string): { name: string; attributes: string; isEnd: boolean; isEmpty: boolean }[] {
  const body = page.replace(/<style>[^<]*<\/style>/, '').replace(/^<!doctype html>/, '');
  return [...body.matchAll(/<(\/?)([a-zA-Z0-9]+)([^<>]*?)(\/?)>/g)].map(
    ([, end, name = '', attributes = '', empty]) => ({
      name,
      attributes,
      isEnd: end === '/',
      isEmpty: empty === '/' || VOID.has(name),
    }),
  );
}

/** Where tags do not close each other in order; undefined for a page in order. */
export function firstUnclosed(page: string): string | undefined {
  const open: string[] = [];
  for (const { name, isEnd, isEmpty } of tagsOf(page)) {
    if (isEnd) {
      const last = open.pop();
      if (last !== name) return `</${name}> after <${last}>`;
    } else if (!isEmpty) open.push(name);
  }
  return open.length === 0 ? undefined : `<${open.join('> <')}>`;
}

/** All values of an attribute. */
export function attributes(page: string, name: string): string[] {
  return tagsOf(page).flatMap((tag) => {
    const [, value] = new RegExp(`(?:^|\\s)${name}="([^"]*)"`).exec(tag.attributes) ?? [];
    return value === undefined ? [] : [value];
  });
}

/** The start tags of an element with what stands in them. */
export function starts(page: string, element: string): string[] {
  return tagsOf(page).flatMap(({ name, attributes: inside, isEnd }) => (name === element && !isEnd ? [inside] : []));
}

/** What a reader sees, tags taken away and characters put back. */
export function textOf(page: string): string {
  return page
    .replace(/<style>[^<]*<\/style>/, '')
    .replace(/<[^<>]*>/g, ' ')
    .replace(/&lt;/g, '<')
    .replace(/&gt;/g, '>')
    .replace(/&quot;/g, '"')
    .replace(/&#39;/g, "'")
    .replace(/&amp;/g, '&')
    .replace(/\s+/g, ' ');
}
