/** @file The models of the AI SDK are models that `decisionTeacher` and a cascade take, and a student is one of them, by their types. */
import { createOpenAI } from '@ai-sdk/openai';
import type { Experimental_DecisionModelV4 as DecisionModelV4 } from '@ai-sdk/provider';
import { createTypeSafeAi } from '@ai-sdk/typesafe-ai';
import type { Experimental_DecisionModel as DecisionModel } from 'ai';
import { retort } from '../../../dist/entries/ai-sdk.js';
import { type AnyDecisionModel, type DecisionTeacherOptions, decisionTeacher } from '../../../dist/entries/teachers.js';

declare const model: DecisionModelV4;

export const taken: readonly AnyDecisionModel[] = [
  model,
  createOpenAI({ apiKey: 'x' }).decisionModel('gpt-6-luna'),
  createTypeSafeAi({ apiKey: 'x' }).evaluationModel('jev-latest'),
];

const options: DecisionTeacherOptions = { model, criteria: { no: null, yes: 'it is' }, log: 'log.jsonl' };
export const teacher = decisionTeacher(options);

const student = retort('./student');
export const given: readonly [DecisionModelV4, DecisionModel] = [student, student];
export const cascades: readonly DecisionModelV4[] = taken.map((fallback) => retort('./student', { fallback }));
