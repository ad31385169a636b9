/** @file The models of the AI SDK are models that `decisionTeacher` takes, by their types. */
import { createOpenAI } from '@ai-sdk/openai';
import type { Experimental_DecisionModelV4 as DecisionModelV4 } from '@ai-sdk/provider';
import { createTypeSafeAi } from '@ai-sdk/typesafe-ai';
import { type AnyDecisionModel, type DecisionTeacherOptions, decisionTeacher } from '../../../dist/entries/teachers.js';

declare const model: DecisionModelV4;

export const taken: readonly AnyDecisionModel[] = [
  model,
  createOpenAI({ apiKey: 'x' }).decisionModel('gpt-6-luna'),
  createTypeSafeAi({ apiKey: 'x' }).evaluationModel('jev-latest'),
];

const options: DecisionTeacherOptions = { model, criteria: { no: null, yes: 'it is' }, log: 'log.jsonl' };
export const teacher = decisionTeacher(options);
