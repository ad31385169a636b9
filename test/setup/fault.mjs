// A fault at a named point, preloaded into a process by `faultAt` of test/files/processes.ts; nothing of it is in dist/.
//
//   RETORT_TEST_FAULT='<EFFECT> <MOMENT> <CALL> <PATH> <N>'      such as  SIGKILL before rename last.ckpt 1
//   RETORT_TEST_FAULT_ONCE=FILE      of all processes that have the point the first alone, which makes the file
//
// What a killed process leaves is what its calls to the file system did until then, so a kill before, during or after the
// n-th of them is a kill at any moment, and is the same on every machine. PATH is how the path ends, `*` any; a file that
// is written beside its place comes there by a rename. N counts from 1. Names that are unknown end the process at once.
import fs from 'node:fs';
import promises from 'node:fs/promises';
import { syncBuiltinESMExports } from 'node:module';
import process from 'node:process';
import { isMainThread } from 'node:worker_threads';

const EFFECTS = {
  SIGKILL: () => process.kill(process.pid, 'SIGKILL'),
  SIGINT: () => process.kill(process.pid, 'SIGINT'),
  /** Does nothing, and says on stderr at the end how many such calls there were. */
  COUNT: () => {},
  ENOSPC: () => {
    throw Object.assign(new Error('ENOSPC: no space left on device'), { code: 'ENOSPC', errno: -28 });
  },
};
/** `during` writes the first half. */
const MOMENTS = ['before', 'during', 'after'];
/** Each with the functions that do it and where their path is; `change` is any of them. */
const CALLS = {
  mkdir: [['mkdir', 0]],
  open: [
    ['open', 0],
    ['openSync', 0],
  ],
  write: [
    ['writeFile', 0],
    ['writeFileSync', 0],
    ['writeSync', 0],
  ],
  rename: [
    ['rename', 1],
    ['renameSync', 1],
  ],
  rm: [
    ['rm', 0],
    ['rmSync', 0],
  ],
  truncate: [
    ['truncateSync', 0],
    ['ftruncateSync', 0],
  ],
};
/** Methods of a file handle. */
const HANDLE_CALLS = { write: 'write', writeFile: 'write', appendFile: 'write', truncate: 'truncate' };

const [effect, moment, call, end, n] = (process.env.RETORT_TEST_FAULT ?? '').split(' ');
if (
  !(effect in EFFECTS && MOMENTS.includes(moment) && (call in CALLS || call === 'change') && end && Number(n) >= 1) ||
  (moment === 'during' && call !== 'write') ||
  (moment !== 'before' && effect === 'ENOSPC')
)
  throw new Error(`RETORT_TEST_FAULT: no such point: ${process.env.RETORT_TEST_FAULT}`);

const { RETORT_TEST_FAULT_ONCE: once } = process.env;
const { openSync } = fs;

function strike() {
  if (once !== undefined) {
    try {
      openSync(once, 'wx');
    } catch {
      return;
    }
  }
  EFFECTS[effect]();
}

let seen = 0;
if (effect === 'COUNT' && isMainThread) process.on('exit', () => process.stderr.write(`${seen} calls\n`));

function isPoint(name, path) {
  // What a thread does beside it (a lock's heartbeat) comes when it comes.
  const isOne = isMainThread && (call === 'change' || call === name) && (end === '*' || String(path).endsWith(end));
  if (isOne) seen += 1;
  return isOne && seen === Number(n);
}

/** A function or method with the fault in it; `bytes` says which argument is written. */
function faulty(real, name, pathOf, bytes) {
  return function (...args) {
    if (!isPoint(name, pathOf(args))) return real.apply(this, args);
    if (moment === 'before') strike();
    const given = moment === 'during' ? args.with(bytes, firstHalf(args[bytes])) : args;
    const done = real.apply(this, given);
    if (moment === 'before') return done;
    if (done instanceof Promise) return done.finally(strike);
    strike();
    return done;
  };
}

const firstHalf = (content) => content.slice(0, Math.floor(content.length / 2));

/** Of open descriptors. */
const paths = new Map();

function keepsPath(real) {
  return (path, ...more) => {
    const opened = real(path, ...more);
    if (!(opened instanceof Promise)) paths.set(opened, path);
    return opened instanceof Promise ? opened.then((handle) => withFaults(handle, path)) : opened;
  };
}

function withFaults(handle, path) {
  for (const [method, name] of Object.entries(HANDLE_CALLS))
    handle[method] = faulty(handle[method], name, () => path, 0);
  return handle;
}

for (const [name, functions] of Object.entries(CALLS)) {
  for (const [called, at] of functions) {
    const owner = called.endsWith('Sync') ? fs : promises;
    const real = name === 'open' ? keepsPath(owner[called]) : owner[called];
    owner[called] = faulty(real, name, (args) => paths.get(args[at]) ?? args[at], 1);
  }
}
syncBuiltinESMExports();
