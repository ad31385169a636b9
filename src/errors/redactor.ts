/** @file What takes secrets out of errors: set by the first secret that is kept, so that programs without any load none of it. */

export type Redactor = {
  readonly text: (text: string) => string;
  readonly cause: (cause: unknown) => unknown;
};

export const redactor: { current: Redactor } = { current: { text: (text) => text, cause: (cause) => cause } };
