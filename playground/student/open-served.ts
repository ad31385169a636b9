/** @file A model that the command serves, opened in the tab. */
import { OptionError } from '../../src/errors/failures.js';
import { heldFiles } from '../../src/files/named-files.js';
import { loadInWorker } from '../../src/inference/worker-web.js';
import type { ServedModel } from '../../src/site/student-content.js';
import { packedIn } from '../../src/standalone/packed-text.js';
import { READERS } from '../../src/standalone/readers.js';
import type { PartContext } from '../part.js';
import { type Seen, seerOf } from './seen.js';

export type Said = {
  readonly label: string;
  /** The probability of the label. */
  readonly score: number;
  readonly probabilities: readonly number[];
  /** The median of so many calls, tokenizing included. */
  readonly milliseconds: number;
  readonly calls: number;
};

export type OpenModel = {
  readonly labels: readonly string[];
  readonly readsPairs: boolean;
  ask(text: string, pair?: string): Promise<Said>;
  /** What it makes of the text before it computes. */
  see(text: string, pair?: string): Seen;
};

/** One call is as long as what else the browser does meanwhile. */
const CALLS = { js: 9, onnx: 7 };

/** @throws RetortError for files that are not whole, or a model that labels no texts; Error where ONNX Runtime is missing. */
export function openServed(served: ServedModel, context: PartContext): Promise<OpenModel> {
  return served.form === 'js' ? openFile(served, context) : openOnnx(served, context);
}

async function openFile({ kind, files, name, readsPairs }: ServedModel, { file }: PartContext): Promise<OpenModel> {
  const code = new TextDecoder().decode(await file(`folder/${files['student.js']}`));
  const packed = packedIn(code, name);
  const reader = READERS[kind];
  if (reader === undefined) throw new OptionError({ where: name, wanted: Object.keys(READERS).join(', '), got: kind });
  const { labels, predict } = (await reader()).open(packed);
  const see = seerOf(kind, packed);
  return {
    labels,
    readsPairs,
    see,
    ask: (text, pair) =>
      timed(CALLS.js, async () => {
        const answer = [predict(readsPairs ? [text, pair ?? ''] : text)].flat()[0];
        if (answer === undefined) throw new OptionError({ where: name, wanted: 'an answer', got: 'none' });
        return answer;
      }),
  };
}

async function openOnnx({ files, name, readsPairs }: ServedModel, { file, site }: PartContext): Promise<OpenModel> {
  if (site.runtime === null) throw new Error(`it runs on ONNX Runtime, which is not installed here: ${site.install}`);
  const fetched = await Promise.all(
    Object.entries(files).map(async ([own, address]) => [own, await file(`folder/${address}`)] as const),
  );
  const held = Object.fromEntries(fetched);
  const model = await loadInWorker(held, {
    worker: new Worker(new URL('answer.js', document.baseURI), { type: 'module' }),
  });
  const { labels, isTagger } = model;
  if (isTagger || labels.length < 2) {
    const got = isTagger ? 'one that labels each word' : 'one that gives a value';
    throw new OptionError({ where: name, wanted: 'a model that labels texts', got });
  }
  const see = await seerOfFiles(held, name);
  return {
    labels,
    readsPairs,
    see,
    ask: (text, pair) =>
      timed(CALLS.onnx, async () => {
        const [answer] = await model.predict([readsPairs ? [text, pair ?? ''] : text], { badRows: 'stop' });
        if (answer === undefined) throw new OptionError({ where: name, wanted: 'an answer', got: 'none' });
        return answer;
      }),
  };
}

/** By the tokenizer that lies beside an ONNX file. */
async function seerOfFiles(files: Readonly<Record<string, Uint8Array>>, where: string): Promise<OpenModel['see']> {
  if (files['ngrams.json'] !== undefined) return () => ({ pieces: [] });
  const { piecesOf } = await import('../../src/tokenizers/load-pieces.js');
  const { pieces = () => [] } = await piecesOf(heldFiles(files, where));
  const unknown = new Set(['[UNK]', '<unk>']);
  return (text, pair) => ({
    pieces: [text, ...(pair === undefined ? [] : [pair])]
      .flatMap((one) => [...pieces(one)])
      .map((piece) => ({ piece, isUnknown: unknown.has(piece) })),
  });
}

type Answer = Pick<Said, 'label' | 'score' | 'probabilities'>;

/** Browsers tell the time in steps of up to 0.1 ms: what is shorter is called as often as takes one millisecond. */
const LEAST_MILLISECONDS = 1;
const MOST_REPEATS = 50;

async function timed(calls: number, call: () => Promise<Answer>): Promise<Said> {
  let answer = await call();
  const round = async (repeats: number): Promise<number> => {
    const begun = performance.now();
    for (let i = 0; i < repeats; i++) answer = await call();
    return (performance.now() - begun) / repeats;
  };
  const once = await round(1);
  const repeats = Math.min(MOST_REPEATS, Math.max(1, Math.ceil(LEAST_MILLISECONDS / Math.max(once, 1e-3))));
  const times: number[] = [];
  for (let i = 0; i < calls; i++) times.push(await round(repeats));
  const { label, score, probabilities } = answer;
  return {
    label,
    score,
    probabilities,
    calls: calls * repeats,
    milliseconds: times.sort((a, b) => a - b)[calls >> 1] ?? 0,
  };
}
