/** @file The model card of a Hugging Face folder, `README.md`: what is known of a model, and that the rest is not. */
import { cpus } from 'node:os';
import process from 'node:process';
import { METRICS } from '../metrics/table.js';
import type { Model } from '../models/model.js';
import { type TeacherTerms, termsSaid } from '../teachers/terms.js';
import { BATCH, type Latency, type ScoredForm } from './form.js';
import { type ExportLayout, PRECISIONS, type Precision } from './precisions.js';

/** What a run or an experiment has recorded of a model. */
export type CardFacts = {
  readonly name?: string;
  /** Texts with labels that it learnt from, and those that only its teacher has labelled. */
  readonly train?: CardData | undefined;
  readonly transfer?: CardData | undefined;
  readonly teacher?: CardTeacher | undefined;
  readonly method?: { readonly name: string; readonly options: Readonly<Record<string, unknown>> } | undefined;
  readonly results?: readonly CardResult[];
  /** Whether the teacher helped, in one sentence. */
  readonly verdict?: string | undefined;
  /** Of the forms that are written, measured when they were. */
  readonly scores?: CardScores | undefined;
};

export type CardTeacher = {
  readonly name: string;
  readonly score?: string | undefined;
  /** Of one that somebody else runs: whether one may train on its outputs. */
  readonly terms?: TeacherTerms | undefined;
};

export type CardScores = {
  /** Float32 first. */
  readonly forms: readonly ScoredForm[];
  readonly data: CardData;
  /** Of the sessions whose latency was measured. */
  readonly threads: number;
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

const rowsText = ({ rows }: CardData) => rows.toLocaleString('en-GB');
const said = (data: CardData) => `${data.name}, ${rowsText(data)} rows`;

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
    ...(teacher?.terms === undefined ? [] : [`Terms of the teacher: ${termsSaid(teacher.terms)}.`]),
    ...(verdict === undefined ? [] : [`Did the teacher help? ${verdict}`]),
  ].join('\n\n');
}

function resultsOf({ results = [], scores }: CardFacts): string {
  if (results.length === 0 && scores === undefined) return UNKNOWN;
  return [...(results.length === 0 ? [] : [beforeExport(results)]), ...(scores ? [ofForms(scores)] : [])].join('\n\n');
}

function beforeExport(results: readonly CardResult[]): string {
  const rows = results.map(({ metric, data, value, interval }) => {
    return [metric, data.name, rowsText(data), value, interval ?? 'unknown'];
  });
  return `${table(['Metric', 'Data', 'Rows', 'Value', '95 % interval'], rows)}\n\nOf the model before the export, in float32.`;
}

function ofForms({ forms, data, threads }: CardScores): string {
  const percent = (share: number) => (100 * share).toFixed(2);
  const megabytes = (bytes: number) => (bytes / 1e6).toFixed(1);
  const time = ({ p50, p95 }: Latency) => `${p50.toFixed(2)} / ${p95.toFixed(2)}`;
  const rows = forms.map(({ name, bytes, gzippedBytes, speed, value, interval, agreement, largestChange }) => [
    ...[name, percent(value), interval?.map(percent).join(' to ') ?? 'unknown'],
    ...[agreement === undefined ? '-' : `${percent(agreement)} %`, largestChange.toFixed(4)],
    ...[`${megabytes(bytes)} / ${megabytes(gzippedBytes)}`, time(speed.one), time(speed.many)],
  ]);
  const heads = ['Version', metricName(forms), '95 % interval', 'Same label', 'Largest change', 'MB / gzipped'];
  const machine = `${cpus()[0]?.model.trim() ?? 'a processor without a name'}, Node ${process.version}`;
  return [
    `Each version on the same ${rowsText(data)} rows of ${data.name}:`,
    table([...heads, '1 text: ms, p50 / p95', `${BATCH} texts: ms`], rows),
    'Same label and largest change (of a probability, or of the value of a regression) are beside float32. Latency is from ' +
      `the text on, on ${threads === 1 ? 'one thread' : `${threads} threads`} (${machine}).`,
  ].join('\n\n');
}

const metricName = ([first]: readonly ScoredForm[]) => (first === undefined ? 'Value' : METRICS[first.metric].name);

function table(heads: readonly string[], rows: readonly (readonly string[])[]): string {
  return [heads, heads.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`).join('\n');
}

function limitsOf({ model, maxLength, readsPairs, precisions, hasWeights, facts }: CardContent): string {
  const { status } = facts?.teacher?.terms ?? {};
  const lines = [
    ...(status === 'private-only' || status === 'forbidden'
      ? ['Not to be given away: the terms of the teacher do not allow it, as they were read; see above.']
      : []),
    'It knows the labels above and no others, and gives one of them for any text, also one in another language or of another kind than its data. How it treats groups of people was not examined.',
    ...(maxLength === undefined
      ? []
      : [
          `Texts are truncated to ${maxLength} tokens. There transformers.js drops the last special token, which Python and retort keep: such texts score differently.`,
        ]),
    ...(readsPairs === true
      ? [
          "It reads two texts. Do not use the pipeline of transformers.js: whatever way it is given a pair, it predicts for something else, and says nothing. Python's pipeline takes `{'text': …, 'text_pair': …}`.",
        ]
      : []),
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
  const options = layout === 'root' ? ", { subfolder: '' }" : '';
  const js =
    first === undefined
      ? []
      : [
          `transformers.js (versions: ${precisions.map((one) => `\`${PRECISIONS[one].dtype}\``).join(', ')}):`,
          code(
            'js',
            readsPairs === true
              ? [
                  "import { AutoModelForSequenceClassification, AutoTokenizer } from '@huggingface/transformers';",
                  "const tokenizer = await AutoTokenizer.from_pretrained('FOLDER');",
                  `const model = await AutoModelForSequenceClassification.from_pretrained('FOLDER'${options});`,
                  "const inputs = tokenizer(['a text'], { text_pair: ['another'], padding: true, truncation: true });",
                  'const { logits } = await model(inputs); // no softmax: the largest is the label',
                ]
              : [
                  "import { pipeline } from '@huggingface/transformers';",
                  `const classify = await pipeline('text-classification', 'FOLDER'${options});`,
                  "await classify(['a text']);",
                ],
          ),
        ];
  const python = hasWeights
    ? [
        'from transformers import AutoModelForSequenceClassification, AutoTokenizer',
        'model = AutoModelForSequenceClassification.from_pretrained("FOLDER")',
        'tokenizer = AutoTokenizer.from_pretrained("FOLDER")',
        `logits = model(**tokenizer(["a text"]${readsPairs === true ? ', ["another"]' : ''}, return_tensors="pt")).logits`,
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
