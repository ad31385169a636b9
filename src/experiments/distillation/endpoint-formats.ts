/** @file What a server at a URL speaks, as a user names it. */

type EndpointFormat = {
  /** Whether what is asked is a text of the user's own, whose answer is read as words. */
  readonly hasPrompt: boolean;
  /** The environment variable whose key goes out over https unless another is named. */
  readonly keyVariable: string;
};

export const ENDPOINT_FORMATS = {
  chat: { hasPrompt: true, keyVariable: 'OPENAI_API_KEY' },
  systemone: { hasPrompt: false, keyVariable: 'TYPESAFE_API_KEY' },
  'openai-decisions': { hasPrompt: false, keyVariable: 'OPENAI_API_KEY' },
} as const satisfies Readonly<Record<string, EndpointFormat>>;

export type EndpointFormatName = keyof typeof ENDPOINT_FORMATS;

export const ENDPOINT_FORMAT_NAMES = Object.keys(ENDPOINT_FORMATS) as readonly EndpointFormatName[]; // its own keys

export const FORMATS_WITH_PROMPT = ENDPOINT_FORMAT_NAMES.filter((name) => ENDPOINT_FORMATS[name].hasPrompt);

export const DEFAULT_FORMAT = 'chat' satisfies EndpointFormatName;
