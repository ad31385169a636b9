/**
 * @file What a student costs before its first answer: bytes to load, and milliseconds from the start of a fresh process to the answer
 * to one text, less those of a process that imports an empty module; and how many times the whole is of that process's, which
 * says more where another machine is faster or busy. Also the processor's time of all its threads, less that of the empty one,
 * which says more where others want the same cores. Students of one file (`--to js`) beside onnxruntime-web's
 * runtime alone and the same student in transformers.js (a folder of `--to hf`), where `npm ci --prefix test/clients/bundles` and
 * `…/transformers-js` have put them. Rounds alternate.
 *
 *   npm run bench -- js-start --student student-js [--student another-js] [--hub student-hf] [--rounds 15]
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import { gzipSync } from 'node:zlib';
import { spread } from './figures.js';

const TEXT = JSON.stringify('a gripping, funny film that never lets go of its audience');
const CLIENT = resolve('test/clients/transformers-js/node_modules');
const TRANSFORMERS = join(CLIENT, '@huggingface/transformers/dist');
const WEB = resolve('test/clients/bundles/node_modules/onnxruntime-web/dist');

/** Microseconds of all threads up to here. */
const TELL_BUSY = 'const { user, system } = process.cpuUsage(); process.stdout.write(String(user + system));';

type Contender = { readonly name: string; readonly files: readonly string[]; readonly code: string };

export function main(args: readonly string[]): void {
  const { values } = parseArgs({
    args: [...args],
    options: {
      student: { type: 'string', multiple: true },
      hub: { type: 'string' },
      rounds: { type: 'string', default: '15' },
    },
  });
  if (values.student === undefined) {
    console.log('--student is not given: nothing to start');
    return;
  }
  const scratch = mkdtempSync(join(tmpdir(), 'retort-bench-'));
  try {
    const empty = join(scratch, 'empty.mjs');
    writeFileSync(empty, '');
    const contenders = [
      { name: 'nothing', files: [], code: `await import(${address(empty)});` },
      ...found(values.student, values.hub),
    ];
    const times = contenders.map((): number[] => []);
    const busy = contenders.map((): number[] => []);
    for (let round = 0; round <= Number(values.rounds); round++) {
      for (const [i, { code }] of contenders.entries()) {
        const begun = performance.now();
        const { status, stdout, stderr } = spawnSync(
          process.execPath,
          ['--input-type=module', '-e', `${code} ${TELL_BUSY}`],
          { encoding: 'utf8' },
        );
        const time = performance.now() - begun;
        if (status !== 0) throw new Error(stderr);
        // The first round reads the files from the disk.
        if (round === 0) continue;
        times[i]?.push(time);
        busy[i]?.push(Number(stdout) / 1000);
      }
    }
    console.log(`${new Date().toISOString().slice(0, 10)}, Node ${process.version}`);
    console.log(`an empty module: ${spread(times[0] ?? [], 1)} ms, of the processor ${spread(busy[0] ?? [], 1)}`);
    console.log(
      '| | kB gzipped | ms to the first answer | × an empty module | ms of the processor |\n|---|---|---|---|---|',
    );
    for (const [i, { name, files }] of contenders.entries()) {
      if (i === 0) continue;
      const beyond = (all: readonly number[][]) =>
        all[i]?.map((time, round) => time - (all[0]?.[round] as number)) ?? [];
      const ratios = times[i]?.map((time, round) => time / (times[0]?.[round] as number)) ?? [];
      const bytes = files.reduce((sum, file) => sum + gzipSync(readFileSync(file), { level: 9 }).length, 0);
      const cells = [Math.round(bytes / 1000), spread(beyond(times), 1), spread(ratios, 2), spread(beyond(busy), 1)];
      console.log(`| ${name} | ${cells.join(' | ')} |`);
    }
  } finally {
    rmSync(scratch, { recursive: true });
  }
}

function found(students: readonly string[], hub: string | undefined): readonly Contender[] {
  const ones = students.map((student): Contender => {
    const file = resolve(student, 'student.js');
    return {
      name: `one file, ${student}`,
      files: [file],
      code: `const { predict } = await import(${address(file)}); predict(${TEXT});`,
    };
  });
  const runtime = join(WEB, 'ort.wasm.min.mjs');
  const web: Contender = {
    name: 'onnxruntime-web, its plain build alone, no model',
    files: [runtime, ...['mjs', 'wasm'].map((end) => join(WEB, `ort-wasm-simd-threaded.${end}`))],
    // The session fails, since there is no model, after the runtime has started.
    code:
      `const ort = await import(${address(runtime)}); ort.env.wasm.numThreads = 1; ` +
      'await ort.InferenceSession.create(new Uint8Array(8)).catch(() => {});',
  };
  const folder = resolve(hub ?? '');
  const transformers: Contender = {
    name: 'transformers.js: a browser’s bytes, started in Node',
    files: [
      join(TRANSFORMERS, 'transformers.web.min.js'),
      join(CLIENT, 'onnxruntime-web/dist/ort-wasm-simd-threaded.asyncify.wasm'),
      ...['onnx/model_quantized.onnx', 'tokenizer.json'].map((name) => join(folder, name)),
    ],
    code:
      `const { pipeline } = await import(${address(join(TRANSFORMERS, 'transformers.node.mjs'))}); ` +
      `const ask = await pipeline('text-classification', ${JSON.stringify(folder)}, { dtype: 'q8' }); await ask(${TEXT});`,
  };
  const isThere = ({ name, files }: Contender): boolean => {
    const missing = files.find((each) => !existsSync(each));
    if (missing !== undefined) console.log(`no ${missing}: ${name} is left out`);
    return missing === undefined;
  };
  return [...ones, web, ...(hub === undefined ? [] : [transformers])].filter(isThere);
}

function address(file: string): string {
  return JSON.stringify(pathToFileURL(file).href);
}
