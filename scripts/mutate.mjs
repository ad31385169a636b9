// Breaks one number, operator or option of a source file at a time, in a copy of the checkout, and runs that file's
// tests: a mutant that no test fails for survives, and wants a test or an explanation.
//   node scripts/mutate.mjs                 all files of the list
//   node scripts/mutate.mjs early-stopping  those whose path has that in it
//   node scripts/mutate.mjs --list          the mutants, without a run
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createVitest, parseAst } from 'vitest/node';

/** Files of limits, defaults, fingerprints, schedules and spending, each with what tests it. */
const FILES = {
  'src/files/lock.ts': ['test/files/lock.test.ts'],
  'src/files/owner-watch.ts': ['test/files/lock.test.ts'],
  'src/outside/asking/outside-spending.ts': ['test/outside/asking/outside-spending.test.ts'],
  'src/losses/attention-mse.ts': ['test/losses/matching.test.ts', 'test/losses/golden.test.ts'],
  'src/losses/cross-entropy.ts': ['test/losses/limits.test.ts', 'test/losses/torch.test.ts'],
  'src/optim/schedules.ts': ['test/optim/schedules.test.ts'],
  'src/optim/groups.ts': ['test/optim/groups.test.ts', 'test/optim/layer-wise.test.ts'],
  'src/training/run/batch-limits.ts': ['test/training/run/batch-limits.test.ts'],
  'src/training/run/early-stopping.ts': ['test/training/run/early-stopping.test.ts'],
  'src/training/run/kept-models.ts': ['test/training/run/kept-models.test.ts'],
  'src/training/run/described-run.ts': ['test/training/run/run-options.test.ts'],
  'src/training/text/text-run.ts': ['test/training/text/text-run.test.ts'],
  'src/experiments/distillation/arms.ts': ['test/experiments/distillation-arms.test.ts'],
  'src/experiments/distillation/distillation-design.ts': ['test/experiments/distillation-design.test.ts'],
};

const OTHER_OPERATOR = {
  ...{ '<': '<=', '<=': '<', '>': '>=', '>=': '>', '===': '!==', '!==': '===' },
  ...{ '+': '-', '-': '+', '*': '/', '/': '*', '**': '*', '&&': '||', '||': '&&', '??': '&&' },
};
/** Tests that take so many times as long as without a mutation have met an endless loop; the first run compiles, too. */
const LIMIT = { times: 3, leastMs: 15_000 };

const root = fileURLToPath(new URL('..', import.meta.url));

/** Every way to break a source once: where, and what stands there then. */
function mutantsOf(path, source) {
  const found = [];
  const replace = (node, text) => found.push({ start: node.start, end: node.end, text });
  const visit = (node) => {
    if (Array.isArray(node)) return node.forEach(visit);
    if (typeof node?.type !== 'string') return;
    if (node.type === 'Literal' && typeof node.value === 'number') {
      replace(node, String(Number.isInteger(node.value) ? node.value + 1 : node.value * 2));
    }
    if (node.type === 'Literal' && typeof node.value === 'boolean') replace(node, String(!node.value));
    if (node.type === 'BinaryExpression' || node.type === 'LogicalExpression') {
      const other = OTHER_OPERATOR[node.operator];
      const at = source.indexOf(node.operator, node.left.end);
      if (other !== undefined) replace({ start: at, end: at + node.operator.length }, other);
    }
    // An option that is forgotten.
    if (node.type === 'ObjectExpression') {
      for (const property of node.properties) {
        const end = source[property.end] === ',' ? property.end + 1 : property.end;
        if (property.type === 'Property' && !property.computed) replace({ start: property.start, end }, '');
      }
    }
    const isType = node.type.startsWith('TS') && node.expression === undefined;
    if (isType || node.type === 'ImportDeclaration') return;
    // Of an error only that it is thrown: what it says is for other tests.
    if (node.type === 'ThrowStatement') return;
    for (const child of Object.values(node)) visit(child);
  };
  visit(parseAst(source, { lang: 'ts' }, path).body);
  return found.sort((a, b) => a.start - b.start);
}

function shown(source, { start, end, text }) {
  const line = source.slice(0, start).split('\n').length;
  const from = source.slice(start, end).replaceAll(/\s+/g, ' ');
  return `${line}: ${from} → ${text === '' ? '(nothing)' : text}   in: ${source.split('\n')[line - 1].trim()}`;
}

function copyOfCheckout() {
  const folder = mkdtempSync(join(tmpdir(), 'retort-mutants-'));
  const isCopied = (path) => !/\/(node_modules|\.git|\.bench|outputs)$/.test(path);
  cpSync(root, folder, { recursive: true, filter: isCopied });
  symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'));
  // Without the set-up, which would build dist/ for each mutant.
  const config = "export default { test: { include: ['test/**/*.test.ts'], pool: 'threads', testTimeout: 15_000 } };\n";
  writeFileSync(join(folder, 'vitest.config.ts'), config);
  return folder;
}

/** Runs the tests of a file again and again, in one Vitest: what was not changed stays compiled. */
class Tests {
  #root;
  #paths;
  #vitest;
  #limitMs;

  constructor(folder, paths) {
    this.#root = folder;
    this.#paths = paths;
  }

  /** Whether all pass; a file that was changed is read anew. */
  async pass(changed) {
    this.#vitest ??= await createVitest('test', { root: this.#root, watch: false, bail: 1, reporters: [{}] });
    const vitest = this.#vitest;
    vitest.invalidateFile(changed);
    const begun = performance.now();
    const specifications = await vitest.globTestSpecifications(this.#paths);
    let timer;
    const late = new Promise((done) => {
      timer = setTimeout(done, this.#limitMs ?? 2 ** 31 - 1, 'late');
    });
    const running = vitest.runTestSpecifications(specifications, true);
    const ended = await Promise.race([running, late]);
    clearTimeout(timer);
    if (ended === 'late') {
      // The first time asks the worker to end, which an endless loop never hears; the second ends it.
      for (let i = 0; i < 2; i++) vitest.cancelCurrentRun('keyboard-input').catch(() => {});
      await running.catch(() => {});
      await this.close();
      return false;
    }
    this.#limitMs ??= Math.max(LIMIT.leastMs, LIMIT.times * (performance.now() - begun));
    return (
      ended.unhandledErrors.length === 0 &&
      ended.testModules.length > 0 &&
      ended.testModules.every((module) => module.ok())
    );
  }

  async close() {
    await this.#vitest?.close();
    this.#vitest = undefined;
  }
}

const words = process.argv.slice(2);
const wanted = words.filter((word) => !word.startsWith('--'));
const chosen = Object.entries(FILES).filter(
  ([path]) => wanted.length === 0 || wanted.some((word) => path.includes(word)),
);
const isList = words.includes('--list');
const folder = isList ? undefined : copyOfCheckout();
let survivors = 0;
try {
  for (const [path, tests] of chosen) {
    const source = readFileSync(join(root, path), 'utf8');
    const mutants = mutantsOf(path, source);
    console.log(`${path}: ${mutants.length} mutants`);
    if (folder === undefined) {
      for (const mutant of mutants) console.log(`  ${shown(source, mutant)}`);
      continue;
    }
    const run = new Tests(folder, tests);
    const changed = join(folder, path);
    if (!(await run.pass(changed))) throw new Error(`${tests.join(' ')} fail without a mutation`);
    for (const mutant of mutants) {
      writeFileSync(changed, source.slice(0, mutant.start) + mutant.text + source.slice(mutant.end));
      if (!(await run.pass(changed))) continue;
      survivors += 1;
      console.log(`  survived ${shown(source, mutant)}`);
    }
    writeFileSync(changed, source);
    await run.close();
  }
} finally {
  if (folder !== undefined) rmSync(folder, { recursive: true, force: true });
}
if (!isList) console.log(`${survivors} survived`);
process.exitCode = survivors > 0 ? 1 : 0;
