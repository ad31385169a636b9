/** @file System One, TypeSafe's format, which most open servers of decision models speak: `POST …/systemone`. */
import { noulDecision, type RawDecision, scoreDecision } from './decision-answer.js';
import type { DecisionFormat } from './decision-format.js';

export const systemOne: DecisionFormat = {
  path: 'systemone',
  maxLabels: 255,
  // Jev states none; of the servers that do, most take as many.
  maxQuestions: 64,
  idHeaders: ['x-typesafe-request-id', 'x-request-id'],
  body: (model, state, questions) => ({
    model,
    state,
    questions: Object.fromEntries(
      Array.from(questions, ([id, { instructions, criteria }]) => [
        id,
        { type: 'choice', instructions, criteria: Object.fromEntries(criteria) },
      ]),
    ),
  }),
  read: async (json) => {
    const schemas = await import('./decisions.schema.js');
    const { envelopeSchema, systemOneSchema, systemOneChoiceSchema, systemOneNoulSchema, systemOneScoreSchema } =
      schemas;
    const { data } = systemOneSchema.safeParse(envelopeSchema.safeParse(json).data?.result ?? json);
    if (data === undefined) return undefined;
    const answers = Object.entries(data.answers).map(([id, answer]): [string, RawDecision] => {
      const choice = systemOneChoiceSchema.safeParse(answer).data;
      const noul = systemOneNoulSchema.safeParse(answer).data;
      const score = systemOneScoreSchema.safeParse(answer).data;
      if (noul !== undefined) return [id, noulDecision(noul.noul)];
      if (score !== undefined) return [id, scoreDecision(new Map(Object.entries(score.probabilities)))];
      if (choice === undefined) return [id, { invalid: 'an answer that is no choice with probabilities' }];
      return [id, { choice: choice.choice, probabilities: new Map(Object.entries(choice.probabilities)) }];
    });
    return { ...data, answers: new Map(answers) };
  },
};
