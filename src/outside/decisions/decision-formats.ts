/** @file The formats of decision models over HTTP. Which one a server speaks is set, never told from its address. */
import type { DecisionFormat } from './decision-format.js';
import { openAiDecisions } from './openai-decisions.js';
import { systemOne } from './systemone.js';

export const DECISION_FORMATS = {
  systemone: systemOne,
  'openai-decisions': openAiDecisions,
} as const satisfies Record<string, DecisionFormat>;

export type DecisionFormatName = keyof typeof DECISION_FORMATS;
