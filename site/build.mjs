/**
 * @file Builds the site into dist/: `npm run build --prefix site [-- --base /folder/]`, after `npm ci` in the root, whose
 * dist/ has the commands' tables. Dead links, links to headings that are not there and files of other hosts fail it.
 */
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import { parseArgs } from 'node:util';
import { build } from 'vitepress';
import { writeApiPages } from './api.mjs';
import { writeCommandPages, writeMessagesPage } from './commands.mjs';
import { faultsOf } from './links.mjs';
import { writeForModels } from './llms.mjs';
import { layOutDocs, PAGES, SITE } from './pages.mjs';

const { values } = parseArgs({ options: { base: { type: 'string', default: '/' } } });
const dist = join(SITE, 'dist');
rmSync(PAGES, { recursive: true, force: true });
layOutDocs();
writeCommandPages();
writeMessagesPage();
writeApiPages();
await build(SITE, { base: values.base });
writeForModels(dist);
const faults = faultsOf(dist, values.base);
for (const fault of faults) process.stderr.write(`${fault}\n`);
process.exitCode = faults.length === 0 ? 0 : 1;
