#!/usr/bin/env node
import process from 'node:process';
import { isOutOfFiles, openFilesText } from './open-files.js';

// Not imported in front: where too few files may be open, Node fails on these modules, and nothing else could say so.
const modules = Promise.all([import('./commands/table.js'), import('./process.js')]);
const loaded = await modules.catch((error: unknown) => {
  if (!isOutOfFiles(error)) throw error;
  process.stderr.write(`error: ${openFilesText()}\n`);
  process.exit(2);
});
const [{ COMMANDS }, { runProcess }] = loaded;
await runProcess(COMMANDS);
