#!/usr/bin/env node
import { COMMANDS } from './commands/table.js';
import { runProcess } from './process.js';

await runProcess(COMMANDS);
