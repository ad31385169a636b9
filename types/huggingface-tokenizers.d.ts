// The part of the package that this repository uses. Its own types import each other without file endings, so that
// TypeScript finds none of them for an ES module.
declare module '@huggingface/tokenizers' {
  export class Tokenizer {
    constructor(tokenizer: object, config: object);
    normalizer: ((text: string) => string) | null;
    encode(
      text: string,
      options: { readonly add_special_tokens: boolean },
    ): { readonly ids: readonly (number | undefined)[]; readonly tokens: readonly string[] };
  }
}
