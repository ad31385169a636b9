/**
 * @file Whether one may train on a teacher's outputs, as far as its terms were read. It is printed and recorded, and blocks
 * nothing. No legal advice: terms change, and what was read is a paraphrase with a date.
 */

export const TERMS_STATUSES = ['allowed', 'private-only', 'forbidden', 'unknown'] as const;
export type TermsStatus = (typeof TERMS_STATUSES)[number];

export type TeacherTerms = {
  /** `private-only`: a student may be used and not given away. */
  readonly status: TermsStatus;
  readonly source?: string | undefined;
  /** When they were read: YYYY-MM-DD. */
  readonly date?: string | undefined;
};

export type HostTerms = Required<TeacherTerms> & {
  /** The ends of host names. */
  readonly hosts: readonly string[];
  readonly says: string;
};

/** As read on that day, by host. */
export const TERMS_OF_HOSTS: readonly HostTerms[] = [
  {
    hosts: ['typesafe.ai'],
    status: 'forbidden',
    source: 'TypeSafe, MCA of 23 September 2026, 2.3(b)',
    date: '2026-11-28',
    says: 'no distillation, and no training of a model that imitates the output of the service',
  },
  {
    hosts: ['api.openai.com'],
    status: 'private-only',
    source: 'OpenAI, Services Agreement of 1 January 2026, 3.3(e)',
    date: '2026-11-28',
    says: 'no competing models, except classifiers and the like that are not distributed or sold',
  },
  {
    hosts: ['api.anthropic.com'],
    status: 'allowed',
    source: 'Anthropic, Commercial Terms of 17 June 2025, D.4, and help article 12326764',
    date: '2026-11-28',
    says: 'for narrow tools such as classifiers; not for general models',
  },
  {
    hosts: ['generativelanguage.googleapis.com'],
    status: 'unknown',
    source: 'Google, Gemini API Additional Terms',
    date: '2026-11-28',
    says: 'no models that compete with the services, which is not defined',
  },
  {
    hosts: ['azure.com'],
    status: 'unknown',
    source: 'Microsoft, AI services clause',
    date: '2026-11-28',
    says: 'the consumer agreement forbids it; the terms of Azure could not be read',
  },
  {
    hosts: ['api.perplexity.ai'],
    status: 'unknown',
    source: 'Perplexity, acceptable use policy, as reported by others',
    date: '2026-11-28',
    says: 'no developing or improving of competing models',
  },
  {
    hosts: ['amazonaws.com'],
    status: 'unknown',
    source: 'AWS Bedrock, as reported by others',
    date: '2026-11-28',
    says: 'no foundation or large models that compete; narrow classifiers are not mentioned',
  },
  {
    hosts: ['api.deepseek.com'],
    status: 'allowed',
    source: 'DeepSeek, Open Platform Terms of April 2026, 4.2(3)',
    date: '2026-11-28',
    says: 'distillation is named as a permitted use; output that is published is to be marked as made by AI',
  },
  {
    hosts: ['openrouter.ai'],
    status: 'unknown',
    source: 'OpenRouter, is_trainable_text of each model',
    date: '2026-11-28',
    says: 'the terms of the model hold',
  },
];

/** What is known of the terms at an address. */
export function termsOf(url: string): TeacherTerms {
  const host = URL.canParse(url) ? new URL(url).hostname : '';
  const known = TERMS_OF_HOSTS.find(({ hosts }) => hosts.some((end) => host === end || host.endsWith(`.${end}`)));
  return known === undefined ? { status: 'unknown' } : { status: known.status, source: known.source, date: known.date };
}

const STRICTEST_FIRST: readonly TermsStatus[] = ['forbidden', 'private-only', 'unknown', 'allowed'];

/** Those that bind a student of several teachers; undefined of none. */
export function strictestTerms(terms: readonly TeacherTerms[]): TeacherTerms | undefined {
  return STRICTEST_FIRST.flatMap((status) => terms.filter((one) => one.status === status))[0];
}

/** One line for whoever is going to train on the outputs. */
export function termsText(name: string, terms: TeacherTerms): string {
  return `terms of ${name}: ${termsSaid(terms, ': read them, and say what they say with --teacher_terms')}`;
}

/** @param next what to do, where they are not known */
export function termsSaid({ status, source, date }: TeacherTerms, next = ''): string {
  const where = source === undefined ? '' : ` (${source}${date === undefined ? '' : `, read ${date}`})`;
  return `training on its outputs is ${TERMS_WORDS[status]}${status === 'unknown' ? next : ''}${where}`;
}

const TERMS_WORDS: Readonly<Record<TermsStatus, string>> = {
  allowed: 'allowed',
  'private-only': 'allowed for a student that is not given away',
  forbidden: 'forbidden',
  unknown: 'not known to be allowed',
};
