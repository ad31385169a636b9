/** @file The API from the doc comments, a page for each entry of the package, by TypeDoc. */
import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import { anchorOf } from './anchors.mjs';
import { MANIFEST, PAGES, ROOT, SITE } from './pages.mjs';

/** The sources of what package.json exports, without duplicates for browsers. */
const entries = Object.values(MANIFEST.exports)
  .map((target) => (typeof target === 'string' ? target : target.default))
  .filter((file) => file.endsWith('.js'))
  .map((file) => join(ROOT, file.replace('./dist/', 'src/').replace(/\.js$/, '.ts')));

export function writeApiPages() {
  const options = {
    tsconfig: join(SITE, 'tsconfig.json'),
    out: join(PAGES, 'reference/api'),
    router: 'module',
    entryFileName: 'index.md',
    readme: 'none',
    name: MANIFEST.name,
    basePath: ROOT,
    hideBreadcrumbs: 'true',
    hidePageHeader: 'true',
    disableSources: 'true',
    excludeInternal: 'true',
    excludeExternals: 'true',
    parametersFormat: 'table',
    typeDeclarationFormat: 'table',
    typeAliasPropertiesFormat: 'table',
    interfacePropertiesFormat: 'table',
    propertyMembersFormat: 'table',
    logLevel: 'Error',
  };
  const plugins = ['typedoc-plugin-markdown', join(SITE, 'typedoc-entries.mjs')].flatMap((name) => ['--plugin', name]);
  const flags = [...plugins, ...Object.entries(options).flatMap(([name, value]) => [`--${name}`, value])];
  const { status } = spawnSync(
    process.execPath,
    [join(SITE, 'node_modules/typedoc/bin/typedoc'), ...flags, ...entries],
    { cwd: SITE, stdio: 'inherit' },
  );
  if (status !== 0) throw new Error(`TypeDoc ended with ${status}`);
  const folder = join(PAGES, 'reference/api');
  for (const name of readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((file) =>
    file.endsWith('.md'),
  )) {
    const page = readFileSync(join(folder, name), 'utf8');
    writeFileSync(join(folder, name), withOwnAnchors(page));
  }
}

/**
 * Without TypeDoc's anchors in HTML. It numbers headings of one name in another order than Markdown does; a link to a
 * number that there is not means the heading without.
 */
function withOwnAnchors(page) {
  const text = page.replaceAll(/<a id="[^"]*"><\/a> ?/g, '');
  const anchors = new Set();
  for (const [, heading] of text.matchAll(/^#+ (.*)$/gm)) {
    const plain = anchorOf(heading);
    let anchor = plain;
    for (let i = 1; anchors.has(anchor); i++) anchor = `${plain}-${i}`;
    anchors.add(anchor);
  }
  return text.replaceAll(/\]\(#([^)]*)\)/g, (link, anchor) => {
    if (anchors.has(anchor)) return link;
    const plain = anchor.replace(/-\d+$/, '');
    return anchors.has(plain) ? `](#${plain})` : link;
  });
}
