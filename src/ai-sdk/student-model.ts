/**
 * @file A student as a decision model of the AI SDK, alone or as a cascade: it answers the question that it has learnt where it
 * is sure enough, and another decision model the rest.
 */
import { basename } from 'node:path';
import { fileURLToPath } from 'node:url';
import {
  CERTIFICATE_FILE,
  expectCertified,
  expectStudent,
  readCertificate,
  studentIdentity,
} from '../certificates/certificate.js';
import type { Certificate } from '../certificates/certificate.schema.js';
import { certifiedScore, keepsAnswer, needsOthers } from '../certificates/certified-score.js';
import { OptionError } from '../errors/failures.js';
import { statIfThere } from '../files/atomic-write.js';
import type { Answer, TextInput } from '../inference/answer.js';
import { type LoadOptions, load } from '../inference/load.js';
import type { Inference } from '../inference/text-model.js';
import { isJsonObject, type Json } from '../options/json.js';
import { described } from '../options/json-checks.js';
import { RequestFailure } from '../server/request-failure.js';
import {
  type AskedQuestion,
  isJson,
  type QuestionAlias,
  type ServedQuestions,
  servedQuestions,
} from '../server/served-question.js';
import { textOfState } from '../server/state-text.js';
import { answerIn, criteriaOf, scoreOf, truthOf } from '../server/typed-question.js';
import type {
  AskedByCaller,
  DecideOptions,
  DecideResult,
  DecisionAnswer,
  DecisionModel,
  FallbackModel,
  JsonObject,
  QuestionType,
} from './decision-types.js';

export type StudentModelOptions = Pick<LoadOptions, 'threads' | 'precision' | 'onNotice'> & {
  /**
   * The model that is asked where the student may not answer: another question, a score below the threshold, a label that the
   * certificate defers. Default: none; other questions are then an error, and every text gets the student's answer.
   */
  readonly fallback?: FallbackModel;
  /** The file of the certificate that the threshold comes from. Default: `certificate.json` in the student's folder. */
  readonly certificate?: string;
  /**
   * A threshold that nobody has certified: the student answers where its largest probability is at least this; 0 for
   * everywhere. Only with a fallback, in the place of a certificate.
   */
  readonly threshold?: number;
  /** Questions that are the student's in other words. */
  readonly aliases?: readonly QuestionAlias[];
  /** Of a state that is an object: the field of the text. */
  readonly textField?: string;
  /** How answers name the model. Default: the name of the student's folder. */
  readonly modelId?: string;
};

export type StudentModel = DecisionModel & {
  /** Opens the student before its first question. @throws as `doDecide` for a student that cannot be opened. */
  open(): Promise<void>;
  /** Frees the native memory; the next question opens the student again. */
  release(): Promise<void>;
};

/** When a student keeps a text: from a certificate, or as somebody says. */
type Rule = Pick<Certificate, 'score' | 'threshold' | 'deferredLabels'> & { readonly certificate?: Certificate };

type Opened = {
  readonly model: Inference;
  readonly served: ServedQuestions;
  /** Undefined of a student that answers every text. */
  readonly rule: Rule | undefined;
};

/**
 * A decision model that is a student: `experimental_decide({ model: retort('./student'), … })`. It answers the question that
 * it was taught, in the same words (`questionHash`), or an alias of it. With a `fallback` it is a cascade, and so again a
 * decision model: what the student may not keep by its certificate, and every other question, goes there.
 * `providerMetadata.retort` says of each question who answered it. Nothing is rounded; probabilities are float64.
 * @param student the folder of `retort export`, or its .onnx file; opened at the first question
 * @throws OptionError for options that do not fit; when it decides: OptionError for a question that is not the student's where
 *   there is no fallback, and a state without a text; as `load`, `readCertificate` and `expectCertified`; what the fallback
 *   throws.
 */
export function retort(student: string | URL, options: StudentModelOptions = {}): StudentModel {
  const path = student instanceof URL ? fileURLToPath(student) : student;
  const { fallback, modelId = basename(path.replace(/[/\\]+$/u, '')) } = options;
  checkOptions(options);
  let opening: Promise<Opened> | undefined;
  const open = () => {
    opening ??= openStudent(path, options).catch((error: unknown) => {
      // It may be there the next time.
      opening = undefined;
      throw error;
    });
    return opening;
  };
  return {
    specificationVersion: 'v4',
    provider: 'retort',
    modelId,
    supportedQuestionTypes: typesOf(fallback),
    doDecide: async (asked) => decide(await open(), asked, { fallback, modelId, textField: options.textField }),
    open: async () => void (await open()),
    release: async () => {
      const opened = opening;
      opening = undefined;
      await (await opened)?.model.release();
    },
  };
}

function checkOptions({ fallback, certificate, threshold }: StudentModelOptions): void {
  if (fallback === undefined && (certificate ?? threshold) !== undefined) {
    throw new OptionError({
      where: certificate === undefined ? 'threshold' : 'certificate',
      wanted: 'a fallback, for what the student does not keep',
      got: 'none',
      fix: 'give one, or leave it out: the student then answers every text',
    });
  }
  if (certificate !== undefined && threshold !== undefined) {
    throw new OptionError({ where: 'threshold', wanted: 'that of the certificate', got: 'another one' });
  }
  if (threshold !== undefined && !(threshold >= 0 && threshold <= 1)) {
    throw new OptionError({ where: 'threshold', wanted: 'a number from 0 to 1', got: String(threshold) });
  }
  if (fallback !== undefined && fallback.specificationVersion !== 'v4') {
    const got = `'${fallback.specificationVersion}'`;
    throw new OptionError({ where: 'fallback', wanted: "a model of the specification 'v4'", got });
  }
}

/** The SDK's names of the types. */
const TYPES = { choice: 'choice', boolean: 'noul', score: 'score' } as const;
type OwnType = keyof typeof TYPES;

function typesOf(fallback: FallbackModel | undefined): readonly QuestionType[] {
  const theirs = (fallback?.supportedQuestionTypes ?? []) as readonly QuestionType[]; // the SDK knows its own types
  return [...new Set([...(Object.keys(TYPES) as OwnType[]), ...theirs])];
}

async function openStudent(path: string, options: StudentModelOptions): Promise<Opened> {
  const { threads, precision, onNotice } = options;
  const model = await load(path, {
    ...(threads && { threads }),
    ...(precision && { precision }),
    ...(onNotice && { onNotice }),
  });
  try {
    if (model.question?.type !== 'score' || model.isTagger) expectStudent(model, path);
    const identity = await studentIdentity(path, model.labels);
    const served = servedQuestions(identity.question, model.labels, options.aliases);
    const rule = options.fallback === undefined ? undefined : await ruleOf(path, identity, options);
    return { model, served, rule };
  } catch (error) {
    await model.release();
    throw error;
  }
}

async function ruleOf(
  path: string,
  identity: Awaited<ReturnType<typeof studentIdentity>>,
  { certificate: named, threshold }: StudentModelOptions,
): Promise<Rule> {
  if (threshold !== undefined) return { threshold, deferredLabels: [], score: { kind: 'max-probability' } };
  const file = named ?? path;
  const isNone = named === undefined && (await statIfThere(`${path}/${CERTIFICATE_FILE}`)) === undefined;
  if (isNone) {
    throw new OptionError({
      where: path,
      wanted: `${CERTIFICATE_FILE}, which says where the student may answer in the place of the fallback`,
      got: 'none',
      fix: 'make one (retort cascade STUDENT --calibration ROWS --trained ROWS), or give a threshold of your own',
    });
  }
  const certificate = await readCertificate(file);
  expectCertified(certificate, identity, file);
  const { score, threshold: own, deferredLabels } = certificate;
  if (needsOthers(score)) {
    throw new OptionError({
      where: file,
      wanted: 'a score of the student alone',
      got: "the signal 'spread', which other students give",
      fix: 'certify it without them',
    });
  }
  return { score, threshold: own, deferredLabels, certificate };
}

type How = {
  readonly fallback: FallbackModel | undefined;
  readonly modelId: string;
  readonly textField: string | undefined;
};

async function decide({ model, served, rule }: Opened, asked: DecideOptions, how: How): Promise<DecideResult> {
  const { fallback, modelId } = how;
  const questions = Object.entries(asked.questions);
  const input = textIn(asked.state, how);
  const isPair = typeof input === 'object';
  const own = new Map(
    questions.flatMap(([id, question]) => {
      const form = input === undefined ? undefined : askedOf(question);
      const labels = form && served.labelsOf(form, isPair);
      if (labels === undefined && fallback === undefined) throw notServed(id, question, served, isPair);
      return labels === undefined ? [] : [[id, labels] as const];
    }),
  );
  const answer = own.size === 0 || input === undefined ? undefined : await answerTo(model, input, asked.abortSignal);
  const isOurs = answer !== undefined && (rule === undefined || keepsAnswer(rule, answer));
  const left = questions.filter(([id]) => !isOurs || !own.has(id));
  const theirs = fallback && left.length > 0 ? await askFallback(fallback, asked, left) : undefined;
  const answers = Object.fromEntries(
    questions.map(([id, question]): [string, DecisionAnswer] => {
      const labels = own.get(id);
      // Nothing is left where there is no fallback; what the fallback leaves out the SDK finds.
      if (isOurs && labels !== undefined) return [id, decisionOf(question, labels, answer)];
      return [id, theirs?.answers[id] as DecisionAnswer];
    }),
  );
  const sources = Object.fromEntries(
    questions.map(([id]) => [id, isOurs && own.has(id) ? 'student' : 'fallback'] as const),
  );
  return {
    answers,
    ...(theirs?.rounding && { rounding: theirs.rounding }),
    // The student has no tokens that anybody pays for.
    usage: theirs === undefined ? { inputTokens: 0, outputTokens: 0 } : (theirs.usage ?? {}),
    warnings: theirs?.warnings ?? [],
    providerMetadata: {
      ...theirs?.providerMetadata,
      retort: {
        sources,
        ...(answer !== undefined && { score: rule === undefined ? answer.score : certifiedScore(rule.score, answer) }),
        ...(rule !== undefined && { threshold: rule.threshold, certificate: statementOf(rule) }),
      },
    },
    response: theirs === undefined ? { modelId } : (theirs.response ?? {}),
  };
}

/** What was proved of the student's share; null of a threshold that nobody has certified. */
function statementOf({ certificate }: Rule): JsonObject | null {
  if (certificate === undefined) return null;
  const { risk, delta, truth, date, questionHash } = certificate;
  return { risk: { ...risk }, delta, truth: { ...truth }, date, questionHash };
}

async function answerTo(model: Inference, input: TextInput, signal: AbortSignal | undefined): Promise<Answer> {
  const [answer] = await model.predict([input], { badRows: 'stop', ...(signal && { signal }) });
  return answer as Answer; // one for the one
}

/** The text or pair of a state; undefined where only a fallback can read it. @throws OptionError where there is none. */
function textIn(state: DecideOptions['state'], { fallback, textField }: How): TextInput | undefined {
  try {
    return textOfState(state, textField, 'state');
  } catch (error) {
    if (!(error instanceof RequestFailure)) throw error;
    if (fallback !== undefined) return undefined;
    throw new OptionError({
      where: 'state',
      wanted: 'a text, texts, two texts as { first, second }, or an object with the field that textField names',
      got: state.length === 1 ? partInWords(state[0]) : `${state.length} parts that are not all texts`,
    });
  }
}

function partInWords(part: unknown): string {
  const { type, value }: { type?: unknown; value?: unknown } = isJsonObject(part) ? part : {};
  if (type !== 'json') return `a part of type ${described(type)}`;
  return isJsonObject(value) ? `an object of ${Object.keys(value).slice(0, 20).join(', ')}` : described(value);
}

/** A question of labels in the form in which questions are compared; undefined for any other. */
function askedOf({ type, instructions, criteria }: AskedByCaller): AskedQuestion | undefined {
  const isRead = instructions === undefined || isJson(instructions);
  const own = ownTypeOf(type);
  const read = own && criteriaOf(own, criteria);
  if (read === undefined || !isRead) return undefined;
  return { type: own as string, instructions: (instructions ?? undefined) as Json | undefined, criteria: read };
}

function ownTypeOf(type: string): (typeof TYPES)[OwnType] | undefined {
  return type in TYPES ? TYPES[type as OwnType] : undefined;
}

function notServed(id: string, question: AskedByCaller, served: ServedQuestions, isPair: boolean): OptionError {
  const { instructions, criteria } = served.own;
  const asked = askedOf(question);
  return new OptionError({
    where: `question '${id}'`,
    wanted: `the question that the student has learnt: ${JSON.stringify({ instructions, criteria: Object.fromEntries(criteria) })}`,
    got:
      asked === undefined || asked.type !== served.own.type
        ? `one of type ${question.type}`
        : served.difference(asked, isPair),
    fix: 'ask that, list yours as an alias of it, or give a fallback',
  });
}

/** @param names how the asker calls the student's classes, in their order */
function decisionOf({ type, criteria }: AskedByCaller, names: readonly string[], given: Answer): DecisionAnswer {
  const answer = answerIn(criteriaOf(ownTypeOf(type) ?? 'choice', criteria) ?? [], names, given);
  if (type === 'boolean') return { type, probability: truthOf(answer) };
  const probabilities = Object.fromEntries(answer.probabilities);
  if (type === 'score') return { type, score: scoreOf(answer), probabilities };
  return { type: 'choice', choice: answer.choice, probabilities };
}

/** Only what is read of it here; all else is for the SDK to check. */
async function askFallback(
  fallback: FallbackModel,
  asked: DecideOptions,
  left: readonly (readonly [id: string, question: AskedByCaller])[],
): Promise<DecideResult> {
  const unsupported = left.find(([, { type }]) => !fallback.supportedQuestionTypes.includes(type));
  if (unsupported !== undefined) {
    const [id, { type }] = unsupported;
    const wanted = `a question of the types that ${fallback.modelId} takes: ${fallback.supportedQuestionTypes.join(', ')}`;
    throw new OptionError({ where: `question '${id}'`, wanted, got: type });
  }
  const call = { ...asked, questions: Object.fromEntries(left) };
  type Decides = (options: DecideOptions) => PromiseLike<DecideResult>;
  const decides = ('doDecide' in fallback ? fallback.doDecide : fallback.doEvaluate) as Decides;
  return decides.call(fallback, call);
}
