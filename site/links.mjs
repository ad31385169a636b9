/** @file Looks at the built pages as a browser would: links and anchors that lead nowhere, and files of other hosts. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** @returns a line for each fault */
export function faultsOf(dist, base) {
  const names = readdirSync(dist, { recursive: true, encoding: 'utf8' });
  const pages = new Map(
    names.filter((name) => name.endsWith('.html')).map((name) => [name, readFileSync(join(dist, name), 'utf8')]),
  );
  const ids = new Map(
    [...pages].map(([name, html]) => [name, new Set([...html.matchAll(/ id="([^"]+)"/g)].map(([, id]) => id))]),
  );
  const faults = [];
  for (const [name, html] of pages) {
    if (name === '404.html') continue;
    for (const [, tag] of html.matchAll(/<((?:script|link|img|source|iframe)\b[^>]*)>/g)) {
      if (/(?:src|href)="(?:https?:)?\/\//.test(tag)) faults.push(`${name}: loads from another host: <${tag}>`);
    }
    for (const [, href] of html.matchAll(/<a\b[^>]*? href="([^"]*)"/g)) {
      if (/^(?:https?|mailto):/.test(href)) continue;
      const { pathname, hash } = new URL(href, `http://site${base}${name}`);
      const path = decodeURIComponent(pathname).slice(base.length);
      const page = [path, `${path}.html`, `${path}index.html`].find((file) => pages.has(file));
      if (page === undefined && !(path !== '' && existsSync(join(dist, path))))
        faults.push(`${name}: dead link ${href}`);
      else if (hash.length > 1 && page !== undefined && !ids.get(page).has(decodeURIComponent(hash.slice(1)))) {
        faults.push(`${name}: no heading for ${href}`);
      }
    }
  }
  for (const name of names.filter((file) => file.endsWith('.css'))) {
    if (/url\(["']?(?:https?:)?\/\//.test(readFileSync(join(dist, name), 'utf8')))
      faults.push(`${name}: loads from another host`);
  }
  return [...new Set(faults)];
}
