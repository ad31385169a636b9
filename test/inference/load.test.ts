import { copyFileSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { FileError, OptionError } from '../../src/errors/failures.js';
import { saveOnnx } from '../../src/export/onnx-folder.js';
import { load } from '../../src/inference/load.js';
import type { Inference } from '../../src/inference/text-model.js';
import { bert } from '../../src/models/bert.js';
import { openForward } from '../../src/models/forward.js';
import { mlp } from '../../src/models/mlp.js';
import { initialiseParameters } from '../../src/nn/parameters.js';
import { readOnnxMetadata } from '../../src/onnx/onnx-file.js';
import { readModel } from '../../src/onnx/read.js';
import { writeModel } from '../../src/onnx/write.js';
import { toNumbers } from '../../src/tensor/tensor.js';
import { loadTokenizer } from '../../src/tokenizers/load-tokenizer.js';
import { temporaryFolder } from '../files/processes.js';
import { LABELS, smallBert, smallPairs, TEXTS, VOCABULARY } from './text-student.js';

const root = temporaryFolder();
const student = join(root, 'student');
const pairs = join(root, 'pairs');
let model: Inference;

beforeAll(async () => {
  writeFileSync(join(root, 'vocab.txt'), VOCABULARY);
  const tokenizer = await loadTokenizer(root);
  await saveOnnx(student, { ...smallBert(), tokenizer });
  await saveOnnx(pairs, { ...smallPairs(), tokenizer });
  model = await load(student);
});
afterAll(() => model.release());

/** Softmax of what the model says outside of any export. */
async function probabilitiesOf(texts: readonly string[], second?: readonly string[]): Promise<number[][]> {
  const { model: network, weights } = smallBert();
  const tokenizer = await loadTokenizer(root);
  const forward = await openForward(network, ['logits'], { threads: 1 });
  const result: number[][] = [];
  for (const [i, text] of texts.entries()) {
    const batch = tokenizer.encode([text], second && [second[i] ?? ''], { maxLength: 40 });
    const { logits } = await forward.run(weights, batch);
    const powers = toNumbers(logits ?? { data: [] }).map(Math.exp);
    const total = powers.reduce((a, b) => a + b, 0);
    result.push(powers.map((power) => power / total));
  }
  await forward.release();
  return result;
}

function expectNear(found: readonly number[] | undefined, wanted: readonly number[]): void {
  // float32 in batches of other sizes.
  for (const [i, value] of wanted.entries()) expect(Math.abs((found?.[i] ?? NaN) - value)).toBeLessThan(2e-6);
}

describe('load', () => {
  test('one text: the most probable label, its probability, and all of them, as the network before the export', async () => {
    const [wanted = []] = await probabilitiesOf([TEXTS[0] ?? '']);
    const [answer, ...more] = await model.predict(TEXTS[0] ?? '');
    expect(more).toEqual([]);
    expectNear(answer?.probabilities, wanted);
    expect(answer?.score).toBe(Math.max(...(answer?.probabilities ?? [])));
    expect(answer?.label).toBe(LABELS[wanted.indexOf(Math.max(...wanted))]);
  });

  test('many texts and pairs of any length keep their order', async () => {
    const texts = TEXTS.slice(0, 60);
    const second = [...texts].reverse();
    const singles = await model.predict(texts);
    for (const [i, wanted] of (await probabilitiesOf(texts)).entries()) expectNear(singles[i]?.probabilities, wanted);
    const both = await model.predict(texts.map((text, i) => [text, second[i] ?? ''] as const));
    for (const [i, wanted] of (await probabilitiesOf(texts, second)).entries())
      expectNear(both[i]?.probabilities, wanted);
  });

  test('a stream answers as predict does, reads no further than its window, and takes any source', async () => {
    const texts = TEXTS.slice(0, 50);
    const wanted = await model.predict(texts);
    let read = 0;
    async function* source() {
      for (const text of texts) {
        read++;
        yield text;
      }
    }
    let answered = 0;
    for await (const answer of model.stream(source(), { window: 8 })) {
      expectNear(answer.probabilities, wanted[answered]?.probabilities ?? []);
      answered++;
      expect(read).toBeLessThanOrEqual(Math.ceil(answered / 8) * 8);
    }
    expect(answered).toBe(50);
    for await (const _ of model.stream([])) expect.unreachable();
  });

  test('empty texts, NUL, lone surrogates and texts beyond the length have answers; padding changes none', async () => {
    const long = `${'the film '.repeat(60_000)}.`;
    const odd = ['', '\0', '\ud800', ' ', long, TEXTS[0] ?? ''];
    const answers = await model.predict(odd);
    const alone = await Promise.all(odd.map(async (text) => (await model.predict(text))[0]));
    for (const [i, answer] of answers.entries()) expectNear(answer.probabilities, alone[i]?.probabilities ?? []);
    // Cut to 40 tokens, as the model has positions for.
    expectNear(answers[4]?.probabilities, (await model.predict('the film '.repeat(60)))[0]?.probabilities ?? []);
  });

  test('a siamese model takes pairs and refuses single texts', async () => {
    const siamese = await load(join(pairs, 'model.onnx'));
    const [ab, ba] = await siamese.predict([
      ['a film', 'the story of a man'],
      ['the story of a man', 'a film'],
    ]);
    // f = [h1; h2; …] is not symmetric.
    expect(ab?.probabilities).not.toEqual(ba?.probabilities);
    await expect(siamese.predict('a film')).rejects.toThrow(OptionError);
    await expect(siamese.predict('a film')).rejects.toThrow(
      /wanted a pair of texts, since the model reads pairs, got a single text/,
    );
    await siamese.release();
  });

  test('an encoder takes what it was trained on, where its export says so', async () => {
    const tokenizer = await loadTokenizer(root);
    const opened = async (readsPairs: boolean): Promise<Inference> => {
      const folder = join(root, `reads-pairs-${readsPairs}`);
      await saveOnnx(folder, { ...smallBert(), tokenizer, readsPairs });
      return load(folder);
    };
    const ofPairs = await opened(true);
    await expect(ofPairs.predict('a film')).rejects.toThrow(
      /wanted a pair of texts, since the model reads pairs, got a single text; .*--pair TEXT, or --pair_column NAME/,
    );
    expect(await ofPairs.predict([['a film', 'a man']])).toEqual(await model.predict([['a film', 'a man']]));
    const ofTexts = await opened(false);
    await expect(ofTexts.predict([['a film', 'a man']], { badRows: 'stop' })).rejects.toThrow(
      /wanted a single text, as in training, got a pair/,
    );
    expect(await ofTexts.predict('a film')).toEqual(await model.predict('a film'));
    await Promise.all([ofPairs.release(), ofTexts.release()]);
  });

  test('a Hugging Face folder has versions in onnx, of which one is opened by its name or by precision', async () => {
    const folder = join(root, 'hub');
    mkdirSync(join(folder, 'onnx'), { recursive: true });
    for (const name of ['config.json', 'tokenizer.json']) copyFileSync(join(student, name), join(folder, name));
    copyFileSync(join(student, 'model.onnx'), join(folder, 'onnx/model_quantized.onnx'));
    const wanted = await model.predict('a film');
    for (const [path, precision] of [
      [folder, undefined],
      [folder, 'int8'],
      [join(folder, 'onnx/model_quantized.onnx'), undefined],
    ] as const) {
      const opened = await load(path, precision === undefined ? {} : { precision });
      expect(await opened.predict('a film')).toEqual(wanted);
      await opened.release();
    }
    await expect(load(folder, { precision: 'float32' })).rejects.toThrow(
      'wanted onnx/model.onnx, got a folder without it; leave precision out, or export it: ' +
        'retort export MODEL --to hf --precision float32 --output_dir DIR',
    );
    await expect(load(student, { precision: 'int8' })).rejects.toThrow('got model.onnx alone');
    await expect(load(folder, { precision: 'q4' as 'int8' })).rejects.toThrow(
      'precision: wanted one of float32, int8, float16, got q4',
    );
  });

  test('what is not there, torn or of others is one message', async () => {
    await expect(load(join(root, 'nothing'))).rejects.toThrow(/wanted an exported model.*got nothing of that name/);
    await expect(load(root)).rejects.toThrow(
      /wanted model.onnx, or a version of it in onnx, got a folder without it; make one: retort export/,
    );
    const torn = join(root, 'torn');
    mkdirSync(torn);
    writeFileSync(join(torn, 'vocab.txt'), VOCABULARY);
    const whole = readFileSync(join(student, 'model.onnx'));
    for (const bytes of [
      whole.subarray(0, whole.length >> 1),
      whole.subarray(0, whole.length - 3),
      Buffer.from('{"not": "onnx"}'),
      Buffer.alloc(0),
    ]) {
      writeFileSync(join(torn, 'model.onnx'), bytes);
      await expect(load(torn)).rejects.toThrow(FileError);
      await expect(load(torn)).rejects.toThrow(/wanted a whole ONNX model/);
    }
    // Whole as a protobuf message, and no graph that can run.
    const spoilt = Buffer.from(whole);
    spoilt.set(Buffer.from('Gathes'), spoilt.indexOf('Gather'));
    writeFileSync(join(torn, 'model.onnx'), spoilt);
    await expect(load(torn)).rejects.toThrow(/wanted an ONNX model that can run/);
  });

  test('an export that git on Windows has checked out with its line ends is the same', async () => {
    const windows = join(root, 'windows');
    // In lines, as Python's tokenizers write it.
    const json = JSON.stringify(JSON.parse(readFileSync(join(student, 'tokenizer.json'), 'utf8')), null, 2);
    const unix = join(root, 'unix');
    mkdirSync(unix);
    writeFileSync(join(unix, 'tokenizer.json'), json);
    await saveOnnx(windows, { ...smallBert(), tokenizer: await loadTokenizer(unix) });
    for (const name of ['config.json', 'manifest.json', 'tokenizer.json']) {
      const text = readFileSync(join(windows, name), 'utf8').replaceAll('\n', '\r\n');
      writeFileSync(join(windows, name), text);
    }
    const there = await load(windows);
    expect(await there.predict('a film')).toEqual(await model.predict('a film'));
    await there.release();
  });

  test('a tokenizer or a model of something else is refused', async () => {
    const other = join(root, 'other');
    mkdirSync(other);
    copyFileSync(join(student, 'model.onnx'), join(other, 'model.onnx'));
    await expect(load(other)).rejects.toThrow(/wanted tokenizer.json or vocab.txt, got neither/);
    writeFileSync(join(other, 'vocab.txt'), `${VOCABULARY}more\n`);
    await expect(load(other)).rejects.toThrow(/wanted the tokenizer that the model was exported with/);

    const digits = mlp({ hidden: [4] });
    const folder = join(root, 'digits');
    await saveOnnx(folder, { model: digits, weights: initialiseParameters(digits.parameters, 1), labelNames: [] });
    writeFileSync(join(folder, 'vocab.txt'), VOCABULARY);
    await expect(load(folder)).rejects.toThrow(/vocab.txt: wanted no such file, as in manifest.json/);
    rmSync(join(folder, 'manifest.json'));
    await expect(load(folder)).rejects.toThrow(/wanted a model that reads input_ids.*got pixels/);
  });

  test('a tokenizer with more ids than a model of another tool has word embeddings for is refused', async () => {
    const folder = join(root, 'foreign');
    mkdirSync(folder);
    const { graph } = readModel(readFileSync(join(student, 'model.onnx')), 'student');
    writeFileSync(join(folder, 'model.onnx'), writeModel(graph));
    writeFileSync(join(folder, 'vocab.txt'), VOCABULARY);
    const foreign = await load(folder);
    await foreign.release();
    writeFileSync(join(folder, 'vocab.txt'), `${VOCABULARY}beyond\n`);
    const rows = VOCABULARY.trimEnd().split('\n').length;
    await expect(load(folder)).rejects.toThrow(
      `wanted a tokenizer of at most ${rows} ids, as the model has word embeddings for, got one of ${rows + 1}: the id of "beyond" is ${rows}`,
    );
  });

  test('a text with scores that are no numbers is named, of a list and of a stream', async () => {
    const tokenizer = await loadTokenizer(root);
    const { model: network, weights, labelNames } = smallBert();
    const words = weights['embeddings.word_embeddings.weight'] as (typeof weights)[string];
    const film = tokenizer.encodeRow('film').ids[1] as number;
    const data = words.data.slice();
    data.fill(Number.NaN, film * 16, (film + 1) * 16);
    const broken = { ...weights, 'embeddings.word_embeddings.weight': { ...words, data } };
    await saveOnnx(join(root, 'broken'), { model: network, weights: broken, labelNames, tokenizer });
    const torn = await load(join(root, 'broken'));
    const texts = ['a man', 'the story', 'the film'];
    const named = /broken.model.onnx, text 3: wanted finite scores, got NaN; the model is broken/;
    await expect(torn.predict(texts, { badRows: 'stop' })).rejects.toThrow(named);
    const reported = await torn.predict(texts);
    expect(reported.map(({ error }) => error?.message ?? '')).toEqual(['', '', expect.stringMatching(named)]);
    expect(reported.slice(0, 2)).toEqual(await torn.predict(texts.slice(0, 2)));
    const streamed: unknown[] = [];
    const stream = async () => {
      for await (const answer of torn.stream(texts, { window: 1, badRows: 'stop' })) streamed.push(answer);
    };
    await expect(stream()).rejects.toThrow(named);
    expect(streamed).toHaveLength(2);
    await torn.release();
    const bias = weights['classifier.bias'] as (typeof weights)[string];
    const infinite = { ...bias, data: bias.data.map((_, i) => (i === 1 ? Number.POSITIVE_INFINITY : 0)) };
    const folder = join(root, 'infinite');
    const given = { ...weights, 'classifier.bias': infinite };
    await saveOnnx(folder, { model: network, weights: given, labelNames, tokenizer });
    const opened = await load(folder);
    await expect(opened.predict('a man')).rejects.toThrow(/text 1: wanted finite scores, got Infinity/);
    await opened.release();
  });

  test('a length that the model has no positions for is refused', async () => {
    await expect(load(student, { maxLength: 41 })).rejects.toThrow(/from 1 to 40, the model's maximum, got 41/);
    const short = await load(student, { maxLength: 5 });
    expect(short.maxLength).toBe(5);
    await short.release();
  });
});

describe('bad rows', () => {
  test('each names itself and harms no other, whatever it is', async () => {
    const rows = ['a film', 5, ['a film', 'a man', 'a dog'], null, ['a', 7], 'the story', undefined, { a: 1 }];
    const wanted = await model.predict(['a film', 'the story']);
    const answers = await model.predict(rows as unknown as string[]);
    expect(answers.map(({ error }) => error?.message)).toEqual([
      undefined,
      'text 2: wanted a text, or [text, pair], got 5',
      'text 3: wanted a text, or [text, pair], got a list of 3: "a film", "a man", "a dog"',
      'text 4: wanted a text, or [text, pair], got null',
      'text 5: wanted a text, or [text, pair], got a list of 2: "a", 7',
      undefined,
      'text 7: wanted a text, or [text, pair], got nothing',
      'text 8: wanted a text, or [text, pair], got an object',
    ]);
    for (const { error } of answers) if (error !== undefined) expect(error).toBeInstanceOf(OptionError);
    expect([answers[0], answers[5]]).toEqual(wanted);
    const streamed: unknown[] = [];
    for await (const answer of model.stream(rows as unknown as string[], { window: 3 })) streamed.push(answer);
    expect(streamed).toEqual(answers);
  });

  test('are thrown where they shall stop the call, before anything runs, and of a single text', async () => {
    await expect(model.predict(['ok', 5] as unknown as string[], { badRows: 'stop' })).rejects.toThrow(
      'text 2: wanted a text, or [text, pair], got 5',
    );
    const siamese = await load(pairs);
    await expect(siamese.predict('a film')).rejects.toThrow('text 1: wanted a pair of texts');
    expect((await siamese.predict(['a film']))[0]?.error?.message).toMatch(/^text 1: wanted a pair of texts/);
    await siamese.release();
  });

  test('what is no list of rows is refused as a whole', async () => {
    await expect(model.predict(5 as unknown as string)).rejects.toThrow(
      'predict: wanted a text, or a list of texts or of pairs [text, pair], got 5',
    );
    for (const one of ['a film', null, 5]) {
      await expect(model.stream(one as unknown as string[]).next()).rejects.toThrow(/^stream: wanted an iterable/);
    }
    await expect(model.predict([], { badRows: 'skip' as 'stop' })).rejects.toThrow('badRows: wanted report, stop');
  });

  test('a row that fails in ONNX Runtime is found and the others of its batch are answered', async () => {
    // A tokenizer with an id that the table of words lacks, unknown to the loader: the graph looks rows up by `Gather`.
    const folder = join(root, 'beyond');
    await saveOnnx(folder, { ...smallBert() });
    rmSync(join(folder, 'manifest.json'));
    const read = readModel(readFileSync(join(folder, 'model.onnx')), 'model.onnx');
    const metadata = { ...read.metadata, 'retort.vocabulary_size': '100000' };
    writeFileSync(join(folder, 'model.onnx'), writeModel(read.graph, { metadata }));
    writeFileSync(join(folder, 'vocab.txt'), `${VOCABULARY}beyond\n`);
    const opened = await load(folder);
    const answers = await opened.predict(['a film', 'beyond', 'a man']);
    expect(answers.map(({ error }) => error?.message)).toEqual([
      undefined,
      expect.stringMatching(/^text 2: wanted the inference call to succeed, got .*indices element out of data bounds/),
      undefined,
    ]);
    await opened.release();
    await expect(opened.predict(['a film'])).rejects.toThrow('wanted an open model, got a released one');
  });
});

describe('signal', () => {
  test('ends predict and stream between two inference calls with its reason', async () => {
    const controller = new AbortController();
    controller.abort(new Error('enough'));
    await expect(model.predict(['a film'], controller)).rejects.toThrow('enough');
    const later = new AbortController();
    let answered = 0;
    const stream = async () => {
      for await (const _ of model.stream(new Array(100).fill('a film'), { signal: later.signal, window: 10 })) {
        if (++answered === 25) later.abort(new Error('that will do'));
      }
    };
    await expect(stream()).rejects.toThrow('that will do');
    // What a window has answered is given out; no further one is begun.
    expect(answered).toBe(30);
  });
});

describe('load of bytes and of a URL', () => {
  const filesOf = (folder: string) =>
    Object.fromEntries(readdirSync(folder).map((name) => [name, new Uint8Array(readFileSync(join(folder, name)))]));

  test('files in memory answer as their folder does', async () => {
    const held = await load(filesOf(student));
    expect(await held.predict(TEXTS)).toEqual(await model.predict(TEXTS));
    await held.release();
    const { 'manifest.json': manifest, ...without } = filesOf(student);
    const notices: string[] = [];
    const texts = { ...without, 'vocab.txt': VOCABULARY };
    await (await load(texts, { onNotice: (text) => notices.push(text) })).release();
    expect(notices).toEqual([expect.stringContaining('the files of the model has no manifest.json')]);
    expect(manifest).toBeDefined();
  });

  test('a changed file, and one that came later, are found', async () => {
    const files = filesOf(student);
    const onnx = files['model.onnx']?.slice() ?? new Uint8Array();
    onnx[onnx.length - 1] = (onnx.at(-1) as number) ^ 1;
    await expect(load({ ...files, 'model.onnx': onnx })).rejects.toThrow(/model\.onnx: .*its SHA-256 differs/);
    await expect(load({ ...files, 'ngrams.json': '{}' })).rejects.toThrow(/ngrams\.json: .*a file that came later/);
    const { 'tokenizer.json': gone, ...rest } = files;
    expect(gone).toBeDefined();
    await expect(load(rest)).rejects.toThrow(/tokenizer\.json: .*got no such file/);
    const windows = new TextEncoder().encode(VOCABULARY.replaceAll('\n', '\r\n'));
    await (await load({ ...files, 'vocab.txt': windows })).release();
  });

  test('what is no source is refused', async () => {
    await expect(load({ 'model.onnx': 5 as unknown as string })).rejects.toThrow(
      'load: model.onnx: wanted bytes or a text, got 5',
    );
    await expect(load(5 as unknown as string)).rejects.toThrow(/^load: wanted the URL of an exported model/);
    await expect(load({})).rejects.toThrow(/wanted model\.onnx or onnx\/model\.onnx or .*, got none/);
  });

  test('a URL of a folder, of its .onnx file, or of the disk', async () => {
    const asked: string[] = [];
    const server = createServer(({ url = '' }, response) => {
      const { pathname } = new URL(url, 'http://host');
      asked.push(url);
      const file = join(root, pathname);
      if (!existsSync(file)) {
        // As a development server of a page with one file does it.
        if (pathname.includes('/page/'))
          response.writeHead(200, { 'content-type': 'text/html' }).end('<!doctype html>');
        else response.writeHead(404).end();
      } else response.end(readFileSync(file));
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    try {
      const wanted = await model.predict(TEXTS.slice(0, 5));
      for (const path of ['student', 'student/', 'student/model.onnx?key=secret']) {
        const opened = await load(`http://127.0.0.1:${port}/${path}`);
        expect(await opened.predict(TEXTS.slice(0, 5))).toEqual(wanted);
        await opened.release();
      }
      expect(asked).toContain('/student/tokenizer.json?key=secret');
      await expect(load(`http://127.0.0.1:${port}/page/`)).rejects.toThrow(/page\/: wanted model\.onnx or/);
      await expect(load(new URL('http://127.0.0.1:1/student'))).rejects.toThrow(/wanted a file that can be fetched/);
    } finally {
      server.close();
    }
    const ofDisk = await load(pathToFileURL(student));
    expect(await ofDisk.predict(TEXTS)).toEqual(await model.predict(TEXTS));
    await ofDisk.release();
  });
});

describe('tag', () => {
  test('each word has the label of its first token, as the network says it', async () => {
    const network = bert({ ...smallBert().model.config, head: 'tokens' } as Parameters<typeof bert>[0]);
    const weights = initialiseParameters(network.parameters, 3);
    const folder = join(root, 'tagger');
    const tokenizer = await loadTokenizer(root);
    await saveOnnx(folder, { model: network, weights, labelNames: LABELS, tokenizer });
    const tagger = await load(folder);
    expect(tagger.isTagger).toBe(true);
    const words = ['the', 'unbelievable', 'story'];
    const piecesOf = (word: string) => tokenizer.pieces?.(word).length ?? 0;
    expect(piecesOf('unbelievable')).toBeGreaterThan(1);
    const forward = await openForward(network, ['logits'], { threads: 1 });
    const { logits } = await forward.run(weights, tokenizer.encode([words.join(' ')]));
    const labelAt = (at: number): string => {
      const scores = toNumbers(logits ?? { data: [] }).slice(at * LABELS.length, (at + 1) * LABELS.length);
      return LABELS[scores.indexOf(Math.max(...scores))] as string;
    };
    await forward.release();
    // Places by hand: [CLS] the, the pieces of the second word, story [SEP].
    const wanted = [labelAt(1), labelAt(2), labelAt(2 + piecesOf('unbelievable'))];
    const [ofText, ofWords, bad, empty] = await tagger.tag([words.join('  '), words, 5 as unknown as string, ' ']);
    for (const one of [ofText, ofWords]) {
      expect(one?.error === undefined && one?.tags.map(({ word }) => word)).toEqual(words);
      expect(one?.error === undefined && one?.tags.map(({ label }) => label)).toEqual(wanted);
    }
    expect(bad?.error?.message).toBe('text 3: wanted a text, or a list of words, got 5');
    expect(empty).toEqual({ tags: [] });
    await tagger.release();
    const short = await load(folder, { maxLength: 4 });
    const [cut] = await short.tag(['the film the film']);
    expect(cut?.error === undefined && cut?.tags.map(({ label }) => label !== undefined)).toEqual([
      true,
      true,
      false,
      false,
    ]);
    await expect(short.predict(['a'])).rejects.toThrow(
      'wanted a model that labels texts, got one that labels each word',
    );
    await short.release();
    await expect(model.tag(['a'])).rejects.toThrow('wanted a model that labels each word, got one that labels texts');
  });
});

describe('readOnnxMetadata', () => {
  test('is what a protobuf library reads, of a file and of its bytes', async () => {
    const file = join(student, 'model.onnx');
    const bytes = readFileSync(file);
    const wanted = readModel(bytes, file).metadata;
    expect(Object.keys(wanted).length).toBeGreaterThan(3);
    expect(Object.fromEntries(await readOnnxMetadata(file))).toEqual(wanted);
    expect(Object.fromEntries(await readOnnxMetadata(bytes))).toEqual(wanted);
  });
});
