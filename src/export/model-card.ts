/** @file The model card of a Hugging Face folder, `README.md`: what is known of a model, and that the rest is not. */
import type { Model } from '../models/model.js';
import { type ExportLayout, PRECISIONS, type Precision } from './precisions.js';

/** What a run or an experiment has recorded of a model. */
export type CardFacts = {
  readonly name?: string;
  /** Texts with labels that it learnt from, and those that only its teacher has labelled. */
  readonly train?: CardData | undefined;
  readonly transfer?: CardData | undefined;
  readonly teacher?: { readonly name: string; readonly score?: string | undefined } | undefined;
  readonly method?: { readonly name: string; readonly options: Readonly<Record<string, unknown>> } | undefined;
  readonly results?: readonly CardResult[];
  /** Whether the teacher helped, in one sentence. */
  readonly verdict?: string | undefined;
};

export type CardData = { readonly name: string; readonly rows: number };

export type CardResult = {
  readonly metric: string;
  readonly data: CardData;
  /** In percent. */
  readonly value: string;
  /** 95 %, and what it is over. */
  readonly interval: string | undefined;
};

export type CardContent = {
  readonly model: Model;
  readonly labelNames: readonly string[];
  readonly readsPairs?: boolean | undefined;
  readonly precisions: readonly Precision[];
  readonly layout: ExportLayout;
  readonly retort: string;
  /** Where texts are truncated; absent where they are read whole. */
  readonly maxLength?: number | undefined;
  /** Whether `model.safetensors` is in the folder. */
  readonly hasWeights: boolean;
  readonly facts?: CardFacts | undefined;
};

/** In every card, so that one that somebody has rewritten is not replaced. */
export const CARD_MARK = '<!-- written by retort; delete this line to keep your changes from a later export -->';

const UNKNOWN = 'Unknown: the export was not made from a run that says so.';

/** The card: metadata that the hub reads, data, teacher, method, results, limits, and how to call the model. */
export function modelCard(content: CardContent): string {
  const { model, labelNames, facts = {}, retort } = content;
  const tags = ['retort', 'onnx', model.kind, ...(facts.method ? ['knowledge-distillation'] : [])];
  const task = TASKS[String(model.config.head)] ?? TASK;
  const metadata = ['library_name: transformers.js', `pipeline_tag: ${task}`, 'tags:'];
  const front = ['---', ...metadata, ...tags.map((tag) => `- ${JSON.stringify(tag)}`), '---'].join('\n');
  const parameters = model.parameters.reduce(
    (sum, { shape }) => sum + shape.reduce<number>((a, b) => a * Number(b), 1),
    0,
  );
  const labels = labelNames.length === 0 ? 'no names are known' : labelNames.map((name) => `\`${name}\``).join(', ');
  return `${[
    front,
    CARD_MARK,
    `# ${facts.name ?? `A ${model.kind} model`}`,
    `A model of kind ${model.kind} with ${parameters.toLocaleString('en-GB')} parameters, exported by retort ${retort}. Labels: ${labels}.`,
    section('Data', dataOf(facts)),
    section('Teacher and method', methodOf(facts)),
    section('Results', resultsOf(facts)),
    section('Limits', limitsOf(content)),
    section('Use', usageOf(content)),
  ].join('\n\n')}\n`;
}

const TASK = 'text-classification';
const TASKS: Readonly<Record<string, string>> = { tokens: 'token-classification', 'masked-lm': 'fill-mask' };

function section(title: string, text: string): string {
  return `## ${title}\n\n${text}`;
}

const said = ({ name, rows }: CardData) => `${name}, ${rows.toLocaleString('en-GB')} rows`;

function dataOf({ train, transfer }: CardFacts): string {
  if (train === undefined) return UNKNOWN;
  const more = transfer === undefined ? '' : ` Texts without labels, which the teacher predicted: ${said(transfer)}.`;
  return `Trained on ${said(train)}.${more} Licence and language of the data: unknown to the tool that wrote this.`;
}

function methodOf({ teacher, method, verdict }: CardFacts): string {
  const score = teacher?.score === undefined ? '' : `, ${teacher.score} on the same rows as below`;
  const options = Object.entries(method?.options ?? {}).map(([name, value]) => `${name} ${JSON.stringify(value)}`);
  return [
    teacher === undefined ? 'Teacher: unknown, or none.' : `Teacher: ${teacher.name}${score}.`,
    method === undefined
      ? 'Method: unknown.'
      : `Method: ${method.name}${options.length > 0 ? ` (${options.join(', ')})` : ''}.`,
    ...(verdict === undefined ? [] : [`Did the teacher help? ${verdict}`]),
  ].join('\n\n');
}

function resultsOf({ results = [] }: CardFacts): string {
  if (results.length === 0) return UNKNOWN;
  const rows = results.map(({ metric, data, value, interval }) => {
    return `| ${metric} | ${data.name} | ${data.rows.toLocaleString('en-GB')} | ${value} | ${interval ?? 'unknown'} |`;
  });
  return [
    '| Metric | Data | Rows | Value | 95 % interval |',
    '| --- | --- | --- | --- | --- |',
    ...rows,
    '',
    'Of the model before the export, in float32.',
  ].join('\n');
}

function limitsOf({ model, maxLength, readsPairs, precisions, hasWeights }: CardContent): string {
  const lines = [
    'It knows the labels above and no others, and gives one of them for any text, also one in another language or of another kind than its data. How it treats groups of people was not examined.',
    ...(maxLength === undefined
      ? []
      : [
          `Texts are truncated to ${maxLength} tokens. There transformers.js drops the last special token, which Python and retort keep: such texts score differently.`,
        ]),
    ...(readsPairs === true ? ['It reads two texts; the pipelines take one: call tokenizer and model.'] : []),
    ...(model.config.num_labels === 1
      ? ['It gives one number; the pipeline of transformers.js applies a softmax, which makes 1 of it: read `logits`.']
      : []),
    ...(precisions.includes('int8') ? ['The int8 version may give other labels than float32 for some texts.'] : []),
    ...(hasWeights
      ? []
      : [
          "`config.json` calls it `distilbert` for programs that do not know its kind. There are no weights for Python's transformers: use ONNX Runtime.",
        ]),
  ];
  return lines.map((line) => `- ${line}`).join('\n');
}

function usageOf({ precisions, layout, hasWeights, readsPairs }: CardContent): string {
  const [first] = precisions;
  const text = readsPairs === true ? "[['a text', 'another']]" : "['a text']";
  const js =
    first === undefined || readsPairs === true
      ? []
      : [
          'transformers.js (versions: ' + precisions.map((one) => `\`${PRECISIONS[one].dtype}\``).join(', ') + '):',
          code('js', [
            "import { pipeline } from '@huggingface/transformers';",
            `const classify = await pipeline('text-classification', 'FOLDER'${layout === 'root' ? ", { subfolder: '' }" : ''});`,
            `await classify(${text});`,
          ]),
        ];
  const python = hasWeights
    ? [
        'from transformers import AutoModelForSequenceClassification, AutoTokenizer',
        'model = AutoModelForSequenceClassification.from_pretrained("FOLDER")',
        'tokenizer = AutoTokenizer.from_pretrained("FOLDER")',
        'logits = model(**tokenizer(["a text"], return_tensors="pt")).logits',
      ]
    : [
        'import numpy, onnxruntime, tokenizers',
        'encoded = tokenizers.Tokenizer.from_file("FOLDER/tokenizer.json").encode("a text")',
        `session = onnxruntime.InferenceSession("FOLDER/${layout === 'root' ? 'model.onnx' : `onnx/${PRECISIONS[first ?? 'float32'].file}`}")`,
        'feeds = {"input_ids": [encoded.ids], "attention_mask": [encoded.attention_mask]}',
        '(logits,) = session.run(["logits"], {name: numpy.array(rows) for name, rows in feeds.items()})',
      ];
  return [
    ...js,
    'Python:',
    code('python', python),
    ...(first === undefined
      ? []
      : [
          'retort:',
          code('sh', [`npx retort-ml predict FOLDER "a text"${readsPairs === true ? ' --pair "another"' : ''}`]),
        ]),
  ].join('\n\n');
}

function code(language: string, lines: readonly string[]): string {
  return ['```'.concat(language), ...lines, '```'].join('\n');
}
