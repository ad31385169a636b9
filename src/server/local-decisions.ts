/** @file Requests that the student answers by itself. */
import { RetortError } from '../errors/retort-error.js';
import type { Answer, TextInput } from '../inference/answer.js';
import { BusyError, type Caller, CallerGone, type ReadyRow } from './batches.js';
import { hungUp } from './caller.js';
import { RequestFailure } from './request-failure.js';
import type { ServedLabels, ServedQuestions } from './served-question.js';
import type { Student } from './student.js';
import { answerIn } from './typed-question.js';
import type { WireAnswer, WireRequest } from './wire-format.js';

/** A request that is about the student's question, its text ready to be run. */
export type LocalRequest = {
  readonly request: WireRequest;
  readonly input: TextInput;
  readonly row: ReadyRow;
  /** For each question, how it calls the student's labels. */
  readonly labels: readonly ServedLabels[];
};

/** @throws RequestFailure for a question that is not served, or a text that the student cannot read. */
export function localRequest(student: Student, served: ServedQuestions, request: WireRequest): LocalRequest {
  const input = request.input();
  const isPair = typeof input !== 'string';
  const labels = request.questions.map((question) => {
    const theirs = served.labelsOf(question, isPair);
    if (theirs !== undefined) return theirs;
    throw new RequestFailure('unsupported', served.refusal(question, isPair), question.place);
  });
  return { request, input, row: encoded(student, input), labels };
}

/** @throws RequestFailure for a text that the student cannot read. */
export function encoded({ batches }: Student, input: TextInput): ReadyRow {
  try {
    return batches.encode(input);
  } catch (error) {
    if (!(error instanceof RetortError)) throw error;
    throw new RequestFailure('invalid', `wanted ${error.wanted}, got ${error.got}`);
  }
}

/** @throws RequestFailure where there is no room, or the model has no answer to this text. */
export async function answered({ batches }: Student, row: ReadyRow, caller: Caller): Promise<Answer> {
  try {
    return await batches.answer(row, caller);
  } catch (error) {
    if (error instanceof BusyError) throw tooMany();
    if (error instanceof CallerGone) throw hungUp();
    if (!(error instanceof RetortError)) throw error;
    throw new RequestFailure('internal', `the student has no answer: wanted ${error.wanted}, got ${error.got}`);
  }
}

/** @throws RequestFailure where so many rows more find no room. */
export function expectRoom({ batches }: Student, rows: number): void {
  try {
    batches.expectRoom(rows);
  } catch (error) {
    throw error instanceof BusyError ? tooMany() : error;
  }
}

function tooMany(): RequestFailure {
  return new RequestFailure('busy', 'too many requests wait: come again later');
}

/** The student's answer to each question, in the asker's labels and order. */
export function wireAnswers({ request, labels }: LocalRequest, answer: Answer): readonly WireAnswer[] {
  return request.questions.map((question, i) => {
    const names = labels[i] as ServedLabels;
    return { question, answer: answerIn(question.criteria, names, answer) };
  });
}
