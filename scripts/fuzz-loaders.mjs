// Breaks the files that retort loads and looks at what becomes of it: ONNX files, tokenizers, n-gram features, configs,
// safetensors, manifests, saved models, exported folders, the data of students of one JavaScript file. A case is a function of
// seed, number and sources.
//   node scripts/fuzz-loaders.mjs [--cases 2000] [--from 0] [--seed 1] [--output_file summary.json]
//   node scripts/fuzz-loaders.mjs --only 1234        one case again, with what came of it
//   node scripts/fuzz-loaders.mjs --sources_of hub,js --output_file results/fuzz-folders.json      folders of these ends alone
//   node scripts/fuzz-loaders.mjs --merge a.json,b.json --output_file all.json     parts that ran beside each other
// Every other case breaks a file with checksums and puts these right, so that what is behind them is reached. Wanted of each
// case: an error of ours or answers; the same answers as before where a checksum covers what was broken; at most three
// times the file and 128 MB of memory; an end. Needs Linux, which tells a process's peak of memory.
// Of a JavaScript file only the data is broken, and its checksum is never put right: whoever can do that can write any program.
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const LIMITS = { bytes: 128 * 2 ** 20, timesFile: 3, cpuSeconds: 30 };
/** What a file can be at most after three mutations that make it longer. */
const MOST_BYTES = 2 ** 22;
const root = fileURLToPath(new URL('..', import.meta.url));
const { values: options } = parseArgs({
  options: {
    cases: { type: 'string', default: '2000' },
    from: { type: 'string', default: '0' },
    seed: { type: 'string', default: '1' },
    only: { type: 'string' },
    // Ends of the names of sources, separated by commas.
    sources_of: { type: 'string', default: '' },
    output_file: { type: 'string' },
    // Summaries of parts of one run, separated by commas, as one.
    merge: { type: 'string' },
    // Of a child: the folder with the sources.
    sources: { type: 'string' },
  },
});

// --- Random numbers and mutations -----------------------------------------------------------------------------------

/** mulberry32: good enough to choose bytes. */
function randomOf(seed) {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

const EXTREMES = [0, 1, 0x7f, 0x80, 0xfe, 0xff];
const NUMBERS = ['-1', '0', '1e9', '1e308', '4294967296', '9007199254740993', '0.5', 'null', '""', '[]', '{}', 'true'];

const MUTATIONS = {
  bits: (bytes, { below }) => {
    const broken = Uint8Array.from(bytes);
    for (let n = 1 + below(8); n > 0; n--) broken[below(bytes.length)] ^= 1 << below(8);
    return broken;
  },
  truncated: (bytes, { below }) => bytes.slice(0, below(bytes.length)),
  spliced: (bytes, { below }) => {
    const at = below(bytes.length);
    const from = below(bytes.length);
    const part = bytes.slice(from, from + 1 + below(64));
    return joined(bytes.slice(0, at), part, bytes.slice(at + (below(2) === 0 ? 0 : part.length)));
  },
  doubled: (bytes, { below }) => {
    const at = below(bytes.length);
    return joined(bytes.slice(0, at), bytes.slice(Math.max(0, at - below(4096))));
  },
  removed: (bytes, { below }) => {
    const at = below(bytes.length);
    return joined(bytes.slice(0, at), bytes.slice(at + 1 + below(32)));
  },
  // Length fields: of protobuf at any place, of safetensors at the start.
  length: (bytes, { below }) => {
    const broken = Uint8Array.from(bytes);
    const at = below(4) === 0 ? 0 : below(bytes.length);
    const value = EXTREMES[below(EXTREMES.length)];
    for (let i = 0; i < [1, 2, 4, 8][below(4)] && at + i < broken.length; i++) broken[at + i] = value;
    return broken;
  },
  number: (bytes, { below }) => {
    const text = Buffer.from(bytes).toString('latin1');
    const found = [...text.matchAll(/-?\d+(\.\d+)?|"[^"\\]{1,40}"/g)];
    if (found.length === 0) return bytes;
    const { 0: old, index } = found[below(found.length)];
    return joined(bytes.slice(0, index), Buffer.from(NUMBERS[below(NUMBERS.length)]), bytes.slice(index + old.length));
  },
};

function joined(...parts) {
  return Uint8Array.from(Buffer.concat(parts));
}

function mutated(bytes, random) {
  const below = (n) => Math.floor(random() * Math.max(1, n));
  const names = Object.keys(MUTATIONS);
  const done = [];
  let broken = bytes;
  for (let n = 1 + below(3); n > 0 && broken.length > 0; n--) {
    const name = names[below(names.length)];
    broken = MUTATIONS[name](broken, { below });
    done.push(name);
  }
  return { bytes: broken.subarray(0, MOST_BYTES), done };
}

// --- What is loaded -------------------------------------------------------------------------------------------------

const TEXTS = ['the film', 'a gripping, funny film of a man', '', '日本 é', 'x'.repeat(200)];
const retort = (name) => import(`retort-ml/${name}`);

/** Makes each source in a folder of its own, once. */
async function makeSources(folder) {
  const [models, tokenizers, exports, nn] = await Promise.all([
    ...['models', 'tokenizers', 'export', 'nn'].map(retort),
  ]);
  const fixture = JSON.parse(readFileSync(join(root, 'test/tokenizers/tokenizers.hugging-face.json'), 'utf8'));
  const place = (name) => {
    mkdirSync(join(folder, name));
    return join(folder, name);
  };
  const vocabulary = place('vocab');
  writeFileSync(join(vocabulary, 'vocab.txt'), `${fixture.vocab.join('\n')}\n`);
  writeFileSync(join(vocabulary, 'tokenizer_config.json'), '{"do_lower_case": true, "model_max_length": 64}');
  const tokenizer = await tokenizers.loadTokenizer(vocabulary);
  for (const [name, text] of tokenizer.files)
    if (name === 'tokenizer.json') writeFileSync(join(place('wordpiece'), name), text);
  writeFileSync(join(place('bpe'), 'tokenizer.json'), fixture.roberta.json);
  const pieces = ['<pad>', '<unk>', ...new Set([...'▁abcdefghijklmnopqrstuvwxyz', '▁the', '▁film', 'man'])];
  const unigram = {
    added_tokens: [{ id: 0, content: '<pad>', special: true }],
    normalizer: { type: 'Sequence', normalizers: [{ type: 'NFKC' }, { type: 'Lowercase' }] },
    pre_tokenizer: { type: 'Metaspace', replacement: '▁', prepend_scheme: 'always' },
    post_processor: null,
    model: { type: 'Unigram', unk_id: 1, vocab: pieces.map((piece, i) => [piece, -i]) },
  };
  writeFileSync(join(place('unigram'), 'tokenizer.json'), JSON.stringify(unigram));

  const labelNames = ['no', 'maybe', 'yes'];
  const size = { vocab_size: fixture.vocab.length, num_labels: 3 };
  const encoder = { hidden_size: 16, num_hidden_layers: 1, num_attention_heads: 2, intermediate_size: 24 };
  const features = tokenizers.fitNgrams(TEXTS.concat(fixture.uncased.map(([text]) => text)));
  const ofNgrams = tokenizers.ngramTokenizer(features);
  const of = (model, tokenizer) => ({
    model,
    weights: nn.initialiseParameters(model.parameters, 1),
    labelNames,
    tokenizer,
    tokenizerFiles: tokenizer.files,
  });
  const bert = of(models.bert({ ...size, ...encoder, max_position_embeddings: 40 }), tokenizer);
  const bilstm = of(
    models.bilstm({ ...size, embedding_size: 8, hidden_size: 6, dense_size: 10, is_pair: true }),
    tokenizer,
  );
  const ngram = of(models.ngram({ vocab_size: ofNgrams.vocabularySize, num_labels: 3 }), ofNgrams);
  const still = of(models.staticModel({ ...size, embedding_size: 8, hidden_sizes: [6] }), tokenizer);
  const students = { bert, bilstm, ngram, static: still };
  for (const [name, content] of Object.entries(students)) {
    await exports.saveOnnx(place(`${name}-onnx`), content);
    await models.saveModel(place(`${name}-saved`), content);
  }
  await exports.saveOnnx(place('bert-int8'), { ...bert, precision: 'int8' });
  const [first, second] = ['bert-int8', 'ngram-onnx'].map((name) => join(folder, name));
  await exports.joinStudents({ first, second, outputDir: place('both-joined') });
  await exports.saveOnnx(place('bilstm-float16'), { ...bilstm, precision: 'float16' });
  await models.saveHuggingFace(place('bert-hf'), bert);
  const single = of(models.bilstm({ ...size, embedding_size: 8, hidden_size: 6, dense_size: 10 }), tokenizer);
  const ofPieces = tokenizers.fitNgrams(TEXTS, undefined, { tokenizer, chars: null });
  const inPieces = tokenizers.ngramTokenizer(ofPieces);
  const pieceModel = of(models.ngram({ vocab_size: inPieces.vocabularySize, num_labels: 3 }), inPieces);
  for (const [name, content] of Object.entries({ bert, bilstm: single, static: still, ngram: pieceModel })) {
    await exports.saveHubFolder(place(`${name}-hub`), content);
  }
  for (const [name, content] of Object.entries({ bilstm, ngram, static: still, pieces: pieceModel })) {
    await exports.saveJs(place(`${name}-js`), content);
  }
}

async function encoded(folder) {
  const { loadTokenizer } = await retort('tokenizers');
  const tokenizer = await loadTokenizer(folder);
  const { vocabularySize, padId } = tokenizer;
  const rows = TEXTS.map((text) => [tokenizer.encodeRow(text), tokenizer.encodeRow(text, 'a man', { maxLength: 8 })]);
  return { vocabularySize, padId, rows: rows.flat().map(({ ids }) => Array.from(ids)) };
}

const inputsFor = (name) =>
  name.startsWith('bilstm') && !name.endsWith('-hub') ? TEXTS.map((text) => [text, 'a man']) : TEXTS;

async function answered(folder, name) {
  const { load } = await retort('inference');
  const model = await load(folder, { threads: 1 });
  try {
    const answers = await model.predict(inputsFor(name));
    return answers.map(({ label, probabilities, error }) => error?.message ?? { label, probabilities });
  } finally {
    await model.release();
  }
}

async function answeredFromBytes(folder, name) {
  const { load } = await retort('inference');
  const files = Object.fromEntries(
    filesIn(folder).map((file) => [file, new Uint8Array(readFileSync(join(folder, file)))]),
  );
  const model = await load(files, { threads: 1 });
  try {
    return (await model.predict(inputsFor(name))).map(({ label, error }) => error?.message ?? label);
  } finally {
    await model.release();
  }
}

/** A student of one JavaScript file, as a function and not a module, since an engine keeps each module that it has met. */
function ofModule(folder, name) {
  const code = readFileSync(join(folder, JS_FILE), 'utf8').replace(/^export const .* = student;$/m, 'return student;');
  try {
    return new Function(code)().predict(inputsFor(name));
  } catch (error) {
    // No engine runs half a file. Errors of ours are of a class that lies in the file.
    if (!(error instanceof SyntaxError) && error?.wanted === undefined) throw error;
    throw new Refusal(error.message);
  }
}

class Refusal extends Error {}

const hashOf = (data) =>
  createHash('sha256')
    .update(new Uint8Array(data.buffer, data.byteOffset, data.byteLength))
    .digest('hex');
const described = ({ model, labelNames, weights }) => ({
  config: model.config,
  labelNames,
  weights: Object.entries(weights).map(([name, { shape, data }]) => [name, shape, hashOf(data)]),
});

/** How the folder of each name is opened; a folder with several ways is opened in one of them, as chance has it. */
function waysOf(name) {
  if (!name.includes('-')) return { encoded };
  if (name.endsWith('-saved')) {
    return {
      loadModel: async (folder) => described(await (await retort('models')).loadModel(folder)),
      readSafetensors: async (folder) => {
        const { tensors } = await (await retort('tensor')).readSafetensors(join(folder, 'model.safetensors'));
        return [...tensors].map(([key, { dtype, shape, data }]) => [key, dtype, shape, hashOf(data)]);
      },
    };
  }
  const huggingFace = async (folder) => described(await (await retort('models')).loadHuggingFace(folder));
  if (name === 'bert-hf') return { huggingFace };
  if (name.endsWith('-js')) return { ofModule };
  const ways = { answered, answeredFromBytes };
  if (name === 'bert-hub') return { ...ways, huggingFace };
  if (/-(hub|joined)$/.test(name)) return ways;
  const readModel = async (folder) => {
    const onnx = await retort('onnx');
    const { graph, metadata } = onnx.readModel(readFileSync(join(folder, 'model.onnx')), 'model.onnx');
    return { metadata, weights: Object.entries(onnx.readWeights(graph)).map(([key, { data }]) => [key, hashOf(data)]) };
  };
  return { ...ways, readModel };
}

/** Reads parts of a folder alone, where no checksum is looked at. */
const UNCHECKED = ['encoded', 'readModel', 'readSafetensors'];

function filesIn(folder) {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    if (!entry.isDirectory()) return [entry.name];
    return readdirSync(join(folder, entry.name)).map((name) => `${entry.name}/${name}`);
  });
}

const JS_FILE = 'student.js';

/** Where one of the texts in a JavaScript file begins and ends, behind its code. */
function partOf(bytes, choose) {
  const text = Buffer.from(bytes).toString('latin1');
  const code = text.indexOf('const student = ');
  const found = [...text.slice(code).matchAll(/"((?:[^"\\\n]|\\.)+)"/g)];
  const { index, 1: inside } = choose(found);
  return [code + index + 1, code + index + 1 + inside.length];
}

// --- One case -------------------------------------------------------------------------------------------------------

const TEXT_FILES = /\.(json|txt)$/;

/** The manifest, and the hash of weights in a config, as they are right for what is there now. */
async function withRightChecksums(folder, broken) {
  const manifestPath = join(folder, 'manifest.json');
  const { weightsHash } = await import('../dist/models/saved-model.js');
  if (broken === 'model.safetensors') {
    try {
      const { decodeSafetensors } = await retort('tensor');
      const { tensors } = decodeSafetensors(readFileSync(join(folder, broken)), broken);
      const config = JSON.parse(readFileSync(join(folder, 'config.json'), 'utf8'));
      config.weights.sha256 = weightsHash(Object.fromEntries(tensors));
      writeFileSync(join(folder, 'config.json'), JSON.stringify(config));
    } catch {
      // Nothing that has a hash, or no hash to put right.
    }
  }
  const manifest = JSON.parse(readFileSync(manifestPath, 'utf8'));
  for (const name of Object.keys(manifest.files)) {
    const bytes = readFileSync(join(folder, name));
    const hashed = TEXT_FILES.test(name)
      ? Buffer.from(bytes.toString('latin1').replaceAll('\r\n', '\n'), 'latin1')
      : bytes;
    manifest.files[name] = createHash('sha256').update(hashed).digest('hex');
  }
  writeFileSync(manifestPath, JSON.stringify(manifest));
}

function peakReset() {
  writeFileSync('/proc/self/clear_refs', '5');
}
function statusOf(key) {
  return 1024 * Number(new RegExp(`${key}:\\s+(\\d+)`).exec(readFileSync('/proc/self/status', 'utf8'))?.[1]);
}

async function runCase(number, seed, sources, work, before, RetortError) {
  const random = randomOf(Math.imul(seed, 0x9e3779b1) ^ Math.imul(number + 1, 0x85ebca6b));
  const choose = (list) => list[Math.floor(random() * list.length)];
  const hasChecksums = (source) => filesIn(join(work, source)).includes('manifest.json');
  const checked = sources.filter((one) => hasChecksums(one) && !one.endsWith('-js'));
  const isRight = number % 2 === 0 && checked.length > 0;
  const name = choose(isRight ? checked : sources);
  const ways = waysOf(name);
  const way = choose(Object.keys(ways));
  const folder = join(work, name);
  const files = filesIn(folder);
  const isJs = way === 'ofModule';
  const file = isJs ? JS_FILE : choose(isRight ? files.filter((one) => one !== 'manifest.json') : files);
  const original = readFileSync(join(folder, file));
  const [start, end] = isJs ? partOf(original, choose) : [0, original.length];
  const { bytes: broken, done } = mutated(original.subarray(start, end), random);
  const isTruncated = isJs && random() < 0.1;
  const bytes = joined(original.subarray(0, start), broken, original.subarray(isTruncated ? original.length : end));
  const hasManifest = files.includes('manifest.json');
  const about = { case: number, source: name, way, file, mutations: done, isRight };
  if (Buffer.compare(original, bytes) === 0) return { ...about, outcome: 'unchanged' };
  const kept = new Map(
    files.filter((one) => /^(manifest|config)\.json$/.test(one)).map((one) => [one, readFileSync(join(folder, one))]),
  );
  writeFileSync(join(folder, file), bytes);
  try {
    if (isRight) await withRightChecksums(folder, file);
    peakReset();
    const resident = statusOf('VmRSS');
    let outcome;
    try {
      const answer = JSON.stringify(await ways[way](folder, name));
      const isCovered = (isJs || hasManifest) && !isRight && file !== 'manifest.json' && !UNCHECKED.includes(way);
      outcome =
        !isCovered || answer === before.get(`${name} ${way}`) ? { outcome: 'answered' } : { outcome: 'WRONG', answer };
    } catch (error) {
      if (error instanceof RetortError || error instanceof Refusal)
        outcome = { outcome: 'refused', message: error.message };
      else outcome = { outcome: 'RAW', error: String(error?.stack ?? error) };
    }
    const used = statusOf('VmHWM') - resident;
    const allowed = LIMITS.timesFile * bytes.length + LIMITS.bytes;
    if (used > allowed) outcome = { ...outcome, outcome: 'MEMORY', used, allowed };
    return { ...about, ...outcome };
  } finally {
    writeFileSync(join(folder, file), original);
    for (const [one, content] of kept) writeFileSync(join(folder, one), content);
  }
}

// --- Child: cases in their order, one line each ----------------------------------------------------------------------

const sourcesFolder = options.sources ?? mkdtempSync(join(tmpdir(), 'fuzz-loaders-'));

async function child() {
  const { RetortError } = await retort('errors');
  const work = mkdtempSync(join(tmpdir(), 'fuzz-work-'));
  cpSync(sourcesFolder, work, { recursive: true });
  const ends = options.sources_of.split(',');
  const sources = readdirSync(work)
    .filter((name) => ends.some((end) => name.endsWith(end)))
    .sort();
  const before = new Map();
  for (const name of sources) {
    for (const [way, open] of Object.entries(waysOf(name))) {
      before.set(`${name} ${way}`, JSON.stringify(await open(join(work, name), name)));
    }
  }
  const [from, to] = [Number(options.from), Number(options.from) + Number(options.cases)];
  let raw;
  process.on('unhandledRejection', (error) => {
    raw = error;
  });
  try {
    for (let number = from; number < to; number++) {
      writeSync(1, `begin ${number}\n`);
      const result = await runCase(number, Number(options.seed), sources, work, before, RetortError);
      if (raw !== undefined) Object.assign(result, { outcome: 'RAW', error: `unhandled: ${raw?.stack ?? raw}` });
      raw = undefined;
      writeSync(1, `${JSON.stringify(result)}\n`);
      if (number % 20 === 0) globalThis.gc?.();
    }
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

// --- Parent: counts, watches, starts again after a crash -------------------------------------------------------------

/** Seconds of processor time that a process has had. */
function cpuOf(pid) {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1].split(' ');
  return (Number(fields[11]) + Number(fields[12])) / 100;
}

function runChild(from, cases, onResult) {
  const args = [
    '--expose-gc',
    fileURLToPath(import.meta.url),
    '--sources',
    sourcesFolder,
    '--seed',
    options.seed,
    '--sources_of',
    options.sources_of,
  ];
  return new Promise((done) => {
    const process_ = spawn(process.execPath, [...args, '--from', String(from), '--cases', String(cases)], {
      cwd: root,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let [rest, stderr, last, begun] = ['', '', from - 1, undefined];
    let isHung = false;
    const watch = setInterval(() => {
      try {
        const now = cpuOf(process_.pid);
        if (begun !== undefined && begun.cpu === undefined) begun.cpu = now;
        if (begun !== undefined && now - begun.cpu > LIMITS.cpuSeconds) {
          isHung = true;
          process_.kill('SIGKILL');
        }
      } catch {
        // It has just ended.
      }
    }, 500);
    process_.stderr.on('data', (data) => {
      stderr = `${stderr}${data}`.slice(-2000);
    });
    process_.stdout.on('data', (data) => {
      const lines = `${rest}${data}`.split('\n');
      rest = lines.pop();
      for (const line of lines) {
        if (line.startsWith('begin ')) {
          begun = { number: Number(line.slice(6)), cpu: undefined };
          continue;
        }
        const result = JSON.parse(line);
        last = result.case;
        begun = undefined;
        onResult(result);
      }
    });
    process_.on('close', (code, signal) => {
      clearInterval(watch);
      if (code === 0) return done(undefined);
      const number = begun?.number ?? last + 1;
      onResult({ case: number, outcome: isHung ? 'HANG' : 'CRASH', code, signal, stderr });
      done(number + 1);
    });
  });
}

async function parent() {
  const [first, cases] =
    options.only === undefined ? [Number(options.from), Number(options.cases)] : [Number(options.only), 1];
  const counts = {};
  const bySource = {};
  const wrong = [];
  try {
    await makeSources(sourcesFolder);
    let seen = 0;
    const onResult = (result) => {
      const { outcome, source = 'unknown', way, isRight } = result;
      counts[outcome] = (counts[outcome] ?? 0) + 1;
      const key = `${source} ${way}`;
      bySource[key] ??= {};
      bySource[key][outcome] = (bySource[key][outcome] ?? 0) + 1;
      if (isRight) counts.withRightChecksum = (counts.withRightChecksum ?? 0) + 1;
      if (options.only !== undefined) console.log(result);
      if (/^[A-Z]+$/.test(outcome)) {
        wrong.push(result);
        console.error(JSON.stringify(result).slice(0, 2000));
      }
      if (++seen % 1000 === 0) console.error(`${seen} cases, ${wrong.length} wrong`);
    };
    for (let from = first; from !== undefined && from < first + cases; ) {
      from = await runChild(from, first + cases - from, onResult);
    }
  } finally {
    rmSync(sourcesFolder, { recursive: true, force: true });
  }
  const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  const summary = {
    script: 'scripts/fuzz-loaders.mjs',
    seed: Number(options.seed),
    ...(options.sources_of && { sourcesOf: options.sources_of }),
    from: first,
    cases,
    retort: version,
  };
  const content = { ...summary, node: process.versions.node, limits: LIMITS, outcomes: counts, bySource, wrong };
  if (options.output_file !== undefined) {
    mkdirSync(dirname(options.output_file), { recursive: true });
    writeFileSync(options.output_file, `${JSON.stringify(content, null, 2)}\n`);
  }
  console.log(
    `${cases} cases: ${Object.entries(counts)
      .map(([outcome, count]) => `${count} ${outcome}`)
      .join(', ')}`,
  );
  if (wrong.length > 0) process.exitCode = 1;
}

/** Counts of several processes that shared the cases of one seed. */
function merge(paths) {
  const parts = paths.map((path) => JSON.parse(readFileSync(path, 'utf8'))).sort((a, b) => a.from - b.from);
  const [{ from, cases: _, outcomes, bySource, wrong, ...about }] = parts;
  const add = (into, more) => {
    for (const [key, value] of Object.entries(more)) {
      if (typeof value === 'number') into[key] = (into[key] ?? 0) + value;
      else {
        into[key] ??= {};
        add(into[key], value);
      }
    }
  };
  for (const [i, part] of parts.slice(1).entries()) {
    if (part.seed !== about.seed || part.from !== parts[i].from + parts[i].cases)
      throw new Error('parts of another run');
    add(outcomes, part.outcomes);
    add(bySource, part.bySource);
    wrong.push(...part.wrong);
  }
  const cases = parts.reduce((sum, part) => sum + part.cases, 0);
  return { ...about, from, cases, outcomes, bySource, wrong };
}

if (options.merge !== undefined) {
  writeFileSync(options.output_file, `${JSON.stringify(merge(options.merge.split(',')), null, 2)}\n`);
} else await (options.sources === undefined ? parent() : child());
