/** @file Where special tokens stand around one text or two, from the post-processor of a `tokenizer.json`. */
import { FileError } from '../errors/failures.js';
import type { PostProcessorJson, TokenizerJson } from './tokenizer-json.js';

/** Fixed ids, or the place of a text. */
export type TemplateItem =
  | { readonly ids: readonly number[]; readonly type: number }
  | { readonly text: 'A' | 'B'; readonly type: number };

export type Template = readonly TemplateItem[];

export type Templates = { readonly single: Template; readonly pair: Template };

/** @throws FileError for a template with unknown tokens, or without the place of a text. */
export function templatesOf(json: TokenizerJson['post_processor'], where: string): Templates {
  const parts = json === null ? [] : json.type === 'Sequence' ? json.processors : [json];
  // ByteLevel only moves offsets, which nothing here reads.
  const [processor, ...more] = (parts as PostProcessorJson[]).filter(({ type }) => type !== 'ByteLevel');
  if (more.length > 0) throw broken(where, 'one post-processor that adds tokens', `${more.length + 1}`);
  const templates = processor === undefined ? BARE : templatesFrom(processor, where);
  const texts = (template: Template) => template.flatMap((item) => ('text' in item ? [item.text] : [])).join('');
  if (texts(templates.single) !== 'A' || texts(templates.pair) !== 'AB') {
    throw broken(where, 'templates of A and of A, B', `${texts(templates.single)} and ${texts(templates.pair)}`);
  }
  return templates;
}

const A: TemplateItem = { text: 'A', type: 0 };

const BARE: Templates = { single: [A], pair: [A, { text: 'B', type: 1 }] };

function templatesFrom(processor: PostProcessorJson, where: string): Templates {
  switch (processor.type) {
    case 'BertProcessing': {
      const [cls, sep] = [processor.cls[1], processor.sep[1]];
      const single: Template = [{ ids: [cls], type: 0 }, A, { ids: [sep], type: 0 }];
      return { single, pair: [...single, { text: 'B', type: 1 }, { ids: [sep], type: 1 }] };
    }
    case 'RobertaProcessing': {
      const [cls, sep] = [processor.cls[1], processor.sep[1]];
      const single: Template = [{ ids: [cls], type: 0 }, A, { ids: [sep], type: 0 }];
      return { single, pair: [...single, { ids: [sep], type: 0 }, { text: 'B', type: 0 }, { ids: [sep], type: 0 }] };
    }
    case 'TemplateProcessing': {
      const { special_tokens: special } = processor;
      const read = (items: typeof processor.single): Template =>
        items.map((item) => {
          if ('Sequence' in item) return { text: item.Sequence.id, type: item.Sequence.type_id };
          const { id, type_id: type } = item.SpecialToken;
          const known = Object.hasOwn(special, id) ? special[id] : undefined;
          if (known === undefined) throw broken(where, `the ids of '${id}'`, 'none');
          return { ids: known.ids, type };
        });
      return { single: read(processor.single), pair: read(processor.pair) };
    }
    case 'ByteLevel':
      return BARE;
  }
}

function broken(where: string, wanted: string, got: string): FileError {
  return new FileError({ where: `${where}: post_processor`, wanted, got });
}
