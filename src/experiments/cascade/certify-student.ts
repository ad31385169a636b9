/** @file A student, a teacher behind it, and what can be proved of the two: `retort cascade`. */
import { join } from 'node:path';
import {
  CERTIFICATE_FILE,
  expectStudent,
  type NewCertificate,
  type StudentIdentity,
  writeCertificate,
} from '../../certificates/certificate.js';
import { keptScore } from '../../certificates/certified-score.js';
import { type Certified, certifyThreshold, deltaOf, type Risk } from '../../certificates/threshold.js';
import { OptionError, OutputError } from '../../errors/failures.js';
import { statIfThere } from '../../files/atomic-write.js';
import type { Answer, TextInput } from '../../inference/answer.js';
import { lowerRate, upperRate } from '../../metrics/statistics.js';
import type { HubEvents } from '../../models/find-on-hub.js';
import { defined, type Given } from '../../options/given.js';
import type { ComputeSettings } from '../../options/run-settings.js';
import { RandomStream } from '../../tensor/random.js';
import type { CascadeSettings, Truth } from './cascade-settings.js';
import { openCertifiable } from './certifiable.js';
import { type ChosenScore, chosenScore, deferredLabels } from './chosen-score.js';
import { type ReadOptions, type Request, type Requests, readRequests, readTexts, tableOf } from './requests.js';
import { statementOf } from './statement.js';

export type CertifyStudentOptions = HubEvents &
  Given<CascadeSettings & ComputeSettings> &
  Omit<ReadOptions, 'truth'> & {
    /** An export, to ONNX or to one JavaScript file, or a checkpoint or run, which is exported beside its weights. */
    readonly student: string;
    readonly calibration: string;
    readonly trained: string;
    /** Told how many of how many texts were answered. */
    readonly onProgress?: ((done: number, of: number) => void) | undefined;
  };

/** A request as the student answers it. */
type Scored = { readonly score: number; readonly isWrong: boolean };

/** Rows that a student keeps at a threshold, and how many of these are wrong, with two-sided 95 % intervals. */
export type Kept = {
  readonly rows: number;
  readonly kept: number;
  readonly wrong: number;
  readonly coverage: Range;
  readonly riskOfKept: Range;
  readonly riskOfAll: Range;
};
export type Range = { readonly share: number; readonly low: number; readonly high: number };

/** A point of the curve: what the student keeps, how right that is, and what is left to pay. */
export type CurvePoint = {
  readonly threshold: number;
  /** Of the calibration rows. */
  readonly kept: number;
  readonly agreementOfKept: number;
  readonly agreementOfAll: number;
  /** Of the teacher's requests; and for 1,000 requests, where a price is known. */
  readonly asked: number;
  readonly cost?: number;
};

export type CertifiedStudent = {
  readonly student: string;
  readonly identity: StudentIdentity;
  readonly truth: Truth;
  /** The teacher by the name that its replies gave. */
  readonly model?: string;
  readonly risk: Risk;
  readonly confidence: number;
  /** 1 - confidence, and what this certificate may spend of it. */
  readonly delta: number;
  readonly spent: number;
  readonly students: number;
  readonly round?: number;
  readonly sample: {
    readonly rows: number;
    readonly refusals: number;
    /** Rows whose text another one has, too: units are requests. */
    readonly repeated: number;
    readonly leftOut: Requests['leftOut'];
    readonly asked: Requests['asked'];
    /** Whether rows of training were looked for among them. */
    readonly isChecked: boolean;
  };
  /** Texts that thresholds were taken from, and whether these are calibration rows set aside. */
  readonly scale: { readonly texts: number; readonly isSetAside: boolean };
  /** What the threshold is set on, and what it was fitted to. */
  readonly score: ChosenScore;
  /** Labels that are left to the teacher. */
  readonly deferred: readonly string[];
  readonly certified: Certified;
  /** Rows without a single error that the first chain needs. */
  readonly fewestRows: number;
  readonly curve: readonly CurvePoint[];
  /** On the test rows, at the threshold. */
  readonly realised?: Kept;
  /** What was proved. */
  readonly statement?: string;
  /** Where the certificate was written; nowhere where nothing could be proved. */
  readonly path?: string;
};

/**
 * Certifies a student on a sample of requests, and writes the certificate where something could be proved.
 * @throws OptionError for bounds that are missing or impossible, and a student that is none of labels; OutputError for a
 *   certificate that is there; as `readRequests`, `openCertifiable` and `certifyThreshold`.
 */
export async function certifyStudent(options: CertifyStudentOptions): Promise<CertifiedStudent> {
  const { risk: kept, riskAll: all, confidence = 0.95, students = 1, round } = options;
  const risk: Risk = defined({ kept, all });
  expectBound(risk);
  const delta = 1 - confidence;
  // The only certificate of a student may spend all of it.
  const spent = round === undefined ? delta / students : deltaOf({ delta, students, round });
  const { threads, device, onNotice, onDownload } = options;
  const model = await openCertifiable(options.student, { threads, device, ...defined({ onNotice, onDownload }) });
  try {
    expectStudent(model, options.student);
    const outputFile = options.outputFile ?? join(model.folder, CERTIFICATE_FILE);
    await expectFree(outputFile, options.overwrite ?? false);
    const identity = await model.identity();
    const validation =
      options.validation === undefined
        ? []
        : withChoice(await readRequests(options.validation, model, undefined, options));
    const isChecked = options.trained !== UNCHECKED;
    const learnt = isChecked ? await readTexts(options.trained, model, options) : [];
    // What chose the score is not new either.
    const trained = tableOf([...learnt, ...validation.map(({ input }) => input)]);
    const requests = await readRequests(options.calibration, model, trained, options);
    const known = withChoice(requests);
    const { rows, aside } = options.scale === undefined ? setAside(known) : { rows: known, aside: undefined };
    const scaleTexts = aside?.map(({ input }) => input) ?? (await readTexts(options.scale ?? '', model, options));
    expectOutside(scaleTexts, rows, options.scale, aside !== undefined);
    const test = options.test === undefined ? undefined : await readRequests(options.test, model, trained, options);
    const total = validation.length + rows.length + scaleTexts.length + (test?.rows.length ?? 0);
    let done = 0;
    const answersTo = async (inputs: readonly TextInput[]): Promise<Answer[]> => {
      const answers: Answer[] = [];
      for await (const answer of model.stream(inputs, { badRows: 'stop' })) {
        answers.push(answer);
        options.onProgress?.(++done, total);
      }
      return answers;
    };
    const chosen = await chosenScore(validation, model.labels, answersTo);
    const scaleAnswers = await answersTo(scaleTexts);
    const deferred = deferredLabels(scaleAnswers, model.labels, { rows: rows.length, fewest: options.fewest ?? 5 });
    const rule = { score: chosen.score, deferredLabels: [...deferred] };
    const scoreOf = (answer: Answer) => keptScore(rule, answer);
    const scored = async (some: readonly Request[]): Promise<Scored[]> => {
      const answers = await answersTo(some.map(({ input }) => input));
      return some.map(({ choice }, row) => {
        const answer = answers[row] as Answer; // one for each
        return { score: scoreOf(answer), isWrong: model.labels.indexOf(answer.label) !== choice };
      });
    };
    const scale = scaleAnswers.map(scoreOf);
    const calibration = await scored(rows);
    const certified = certifyThreshold({ rows: calibration, scale, risk, delta: spent });
    const { found, deltaOfChain } = certified;
    const tested = test && (await scored(withChoice(test)));
    const result: CertifiedStudent = {
      ...{ student: model.path, identity, truth: requests.truth, risk, confidence, delta, spent, students },
      ...defined({ model: requests.model, round }),
      sample: {
        rows: rows.length,
        refusals: requests.rows.length - known.length,
        repeated: repeatedIn(rows),
        ...{ leftOut: requests.leftOut, asked: requests.asked, isChecked },
      },
      scale: { texts: scale.length, isSetAside: aside !== undefined },
      ...{ score: chosen, deferred },
      certified,
      fewestRows: Math.ceil(Math.log(deltaOfChain) / Math.log(1 - Math.min(kept ?? 1, all ?? 1))),
      curve: curveOf(certified, options.cost ?? (requests.cost && 1000 * requests.cost)),
      ...(tested && found && { realised: keptAt(tested, found.threshold) }),
    };
    if (found === undefined) return result;
    const certificate = certificateOf(result, found);
    await writeCertificate(outputFile, certificate);
    return { ...result, statement: statementOf(certificate), path: outputFile };
  } finally {
    await model.release();
  }
}

/** Rows that say what is right. */
function withChoice({ rows }: Requests): readonly Request[] {
  return rows.filter(({ choice }) => choice !== undefined);
}

function certificateOf(result: CertifiedStudent, found: NonNullable<Certified['found']>): NewCertificate {
  const { identity, truth, model, risk, delta, spent, students, round, sample } = result;
  const { threshold, kept, wrong, coverage } = found;
  const { rows, refusals, asked, leftOut, isChecked } = sample;
  return {
    date: new Date().toISOString(),
    ...identity,
    score: result.score.score,
    truth: truth === 'labels' ? { kind: truth } : { kind: truth, model: model ?? 'unknown' },
    ...{ risk, delta, spent, students, round: round ?? null, threshold, deferredLabels: [...result.deferred] },
    sample: { rows, kept, wrong, refusals, asked, leftOut, isChecked },
    curve: result.certified.tested.map((point) => ({
      threshold: point.threshold,
      kept: point.kept,
      wrong: point.wrong,
    })),
    coverage,
  };
}

function expectBound({ kept, all }: Risk): void {
  if (kept !== undefined || all !== undefined) return;
  const wanted = 'a bound on wrong labels: of the requests that the student keeps, of all of them (riskAll), or both';
  throw new OptionError({ where: 'risk', wanted, got: 'none', fix: 'give --risk 0.02, or --risk_all 0.02' });
}

async function expectFree(path: string, overwrite: boolean): Promise<void> {
  if (overwrite || (await statIfThere(path)) === undefined) return;
  throw new OutputError({
    where: path,
    wanted: 'a new file',
    got: 'a certificate that is there',
    fix: 'pass --overwrite to replace it, with --round N and fresh rows if those of the first were looked at, or choose another --output_file',
  });
}

/** Of so many rows one is set aside for the scale, and this many at least. */
const [SET_ASIDE, FEWEST_ASIDE] = [10, 40];

/** A part of the rows, drawn without a look at them: which thresholds are tested must not follow from the rows that test them. */
function setAside(rows: readonly Request[]): { readonly rows: readonly Request[]; readonly aside: readonly Request[] } {
  const count = Math.min(Math.floor(rows.length / 2), Math.max(FEWEST_ASIDE, Math.floor(rows.length / SET_ASIDE)));
  const drawn = new Set(new RandomStream(0, 'cascade-scale').permutation(rows.length).slice(0, count));
  return { rows: rows.filter((_, row) => !drawn.has(row)), aside: rows.filter((_, row) => drawn.has(row)) };
}

/** @throws OptionError for a scale of the calibration rows' own texts. */
function expectOutside(
  scale: readonly TextInput[],
  rows: readonly Request[],
  name: string | undefined,
  isSetAside: boolean,
): void {
  const where = isSetAside ? 'calibration' : 'scale';
  if (scale.length === 0 || rows.length === 0) {
    const wanted = isSetAside ? 'rows with a label or an output' : 'texts';
    throw new OptionError({ where, wanted, got: rows.length === 0 ? 'none that can be used' : 'none' });
  }
  if (isSetAside) return;
  const own = new Set(rows.map(({ input }) => JSON.stringify(input)));
  const shared = scale.filter((input) => own.has(JSON.stringify(input))).length;
  if (shared <= scale.length / 2) return;
  throw new OptionError({
    where,
    wanted: 'texts outside the calibration rows: thresholds that are taken from these favour them',
    got: `${name}, which has ${shared} of their texts`,
    fix: 'name other texts, or leave it out: a tenth of the rows is then set aside',
  });
}

function repeatedIn(rows: readonly Request[]): number {
  return rows.length - new Set(rows.map(({ input }) => JSON.stringify(input))).size;
}

/** Said in place of files. */
const UNCHECKED = 'none';
/** Shares that the curve is shown at. */
const SHOWN = Array.from({ length: 10 }, (_, i) => (i + 1) / 10);

function curveOf({ tested, rows: N, found }: Certified, costOf1000: number | undefined): readonly CurvePoint[] {
  const chosen = SHOWN.flatMap((share) => tested.find((point) => point.kept / N >= share - 1e-9) ?? []);
  const points = [...new Set([...chosen, ...tested.filter(({ threshold }) => threshold === found?.threshold)])];
  return points
    .sort((a, b) => b.threshold - a.threshold)
    .map(({ threshold, kept, wrong }) => ({
      threshold,
      kept: kept / N,
      agreementOfKept: kept === 0 ? 1 : 1 - wrong / kept,
      agreementOfAll: 1 - wrong / N,
      asked: 1 - kept / N,
      ...(costOf1000 !== undefined && { cost: (1 - kept / N) * costOf1000 }),
    }));
}

/** What a threshold does on rows that had no part in it. */
function keptAt(rows: readonly Scored[], threshold: number): Kept {
  const own = rows.filter(({ score }) => score >= threshold);
  const wrong = own.filter(({ isWrong }) => isWrong).length;
  const [N, kept] = [rows.length, own.length];
  return {
    ...{ rows: N, kept, wrong },
    coverage: rangeOf(kept, N),
    riskOfKept: rangeOf(wrong, kept),
    riskOfAll: rangeOf(wrong, N),
  };
}

/** With Clopper and Pearson's 95 % interval. */
function rangeOf(k: number, n: number): Range {
  if (n === 0) return { share: 0, low: 0, high: 1 };
  return { share: k / n, low: lowerRate(k, n, 0.025), high: upperRate(k, n, 0.025) };
}
