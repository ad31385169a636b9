/**
 * @file The 24 small BERTs of "Well-Read Students Learn Better" (Turc, Chang, Lee & Toutanova 2019, arXiv:1908.08962),
 * by name.
 */
import { type BertConfig, bertDefaults } from './bert.js';

const LAYERS = [2, 4, 6, 8, 10, 12] as const;
const WIDTHS = [128, 256, 512, 768] as const;

type Layers = (typeof LAYERS)[number];
type Width = (typeof WIDTHS)[number];

/** The five that have names of their own. */
const NICKNAMES = {
  'bert-tiny': [2, 128],
  'bert-mini': [4, 256],
  'bert-small': [4, 512],
  'bert-medium': [8, 512],
  'bert-base': [12, 768],
} as const satisfies Readonly<Record<string, readonly [Layers, Width]>>;

export type SmallBertName = keyof typeof NICKNAMES | `bert-l${Layers}-h${Width}`;

export type SmallBert = {
  /** For `bert()`. */
  readonly config: BertConfig;
  /** Where its pre-trained weights are. */
  readonly hubId: string;
};

function smallBert(layers: Layers, width: Width): SmallBert {
  const heads = width / 64;
  return {
    config: {
      ...bertDefaults,
      hidden_size: width,
      num_hidden_layers: layers,
      num_attention_heads: heads,
      intermediate_size: 4 * width,
    },
    hubId: `google/bert_uncased_L-${layers}_H-${width}_A-${heads}`,
  };
}

const bySize = LAYERS.flatMap((layers) =>
  WIDTHS.map((width) => [`bert-l${layers}-h${width}`, smallBert(layers, width)] as const),
);
const byNickname = Object.entries(NICKNAMES).map(
  ([name, [layers, width]]) => [name, smallBert(layers, width)] as const,
);

/** All 24 as `bert-l2-h128` …, and `bert-tiny`, `bert-mini`, `bert-small`, `bert-medium`, `bert-base` among them. */
export const SMALL_BERTS = Object.fromEntries([...byNickname, ...bySize]) as Readonly<Record<SmallBertName, SmallBert>>;
