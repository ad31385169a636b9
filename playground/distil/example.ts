/**
 * @file Rows to try the page with: made-up messages to a shop, drawn from phrases, and a made-up teacher that knows which phrases
 * they were drawn from. Some messages are about two things and some have the wrong label, as real ones do.
 */
import type { GivenFile } from '../../src/data/given-file.js';
import { RandomStream } from '../../src/tensor/random.js';

const TOPICS: Readonly<Record<string, readonly string[]>> = {
  billing: [
    ...['i was charged twice this month', 'the invoice shows the wrong amount', 'why is there a fee on my bill'],
    ...['my card was declined at checkout', 'please send me a receipt for march', 'i want my money back'],
    ...['the discount code did not lower the price', 'you took the payment but cancelled the order'],
    ...['can i pay by bank transfer', 'the tax on the invoice looks wrong'],
  ],
  delivery: [
    ...['my parcel has not arrived', 'the courier left it at the wrong door', 'tracking has said pending for a week'],
    ...['the box came open and wet', 'can you ship it to another address', 'when will the order be delivered'],
    ...['only half of the order was in the package', 'the driver never rang the bell'],
    ...['it was sent to my old address', 'customs is holding the parcel'],
  ],
  account: [
    ...['i cannot log in any more', 'the password reset mail never comes', 'please delete my account'],
    ...['someone else has changed my email', 'how do i change the name on my profile', 'the login code is refused'],
    ...['i am locked out after three tries', 'two accounts were made for me'],
    ...['the app signs me out every hour', 'please take me off the newsletter'],
  ],
  product: [
    ...[
      'the lamp stopped working after two days',
      'one of the screws is missing',
      'the colour is not the one in the photo',
    ],
    ...['the manual does not explain how to mount it', 'the zip broke on the first day', 'does it fit a large window'],
    ...['the shoes are a size too small', 'the battery lasts an hour at most'],
    ...['it makes a strange noise when it is on', 'the handle came off in my hand'],
  ],
};
const OPENINGS = ['hello,', 'hi there,', 'good morning,', 'sorry to bother you, but', 'once again:', '', '', ''];
const ENDINGS = [
  'please help',
  'thanks',
  'what can i do',
  'this is the second time i write',
  'i am quite upset',
  '',
  '',
];
const LABELS = Object.keys(TOPICS);

const ROWS = 900;
const SECOND_TOPIC = 0.35;
const WRONG_LABEL = 0.12;
/** Of the teacher for what a message is mainly about, where it is about two things, and where about one. */
const [MAIN_OF_TWO, MAIN_OF_ONE] = [0.7, 0.94];

export type Example = { readonly rows: GivenFile; readonly outputs: GivenFile };

/** The same rows on each call. */
export function exampleFiles(): Example {
  const draws = new RandomStream(1, 'example');
  const pick = <T>(list: readonly T[]): T => list[Math.floor(draws.uniform() * list.length)] as T;
  const seen = new Set<string>();
  const lines = ['text,label'];
  const outputs: string[] = [];
  while (seen.size < ROWS) {
    const main = pick(LABELS);
    const other = draws.uniform() < SECOND_TOPIC ? pick(LABELS) : main;
    const phrases = [pick(TOPICS[main] ?? []), ...(other === main ? [] : ['and', pick(TOPICS[other] ?? [])])];
    const text = [pick(OPENINGS), ...phrases, pick(ENDINGS)].filter((part) => part !== '').join(' ');
    const label = draws.uniform() < WRONG_LABEL ? pick(LABELS) : main;
    if (seen.has(text)) continue;
    seen.add(text);
    lines.push(`"${text}",${label}`);
    outputs.push(JSON.stringify({ text, probabilities: opinion(main, other) }));
  }
  const file = (name: string, content: readonly string[]) => ({
    name,
    bytes: new TextEncoder().encode(`${content.join('\n')}\n`),
  });
  return { rows: file('messages.csv', lines), outputs: file('outputs.jsonl', outputs) };
}

function opinion(main: string, other: string): Readonly<Record<string, number>> {
  const ofMain = other === main ? MAIN_OF_ONE : MAIN_OF_TWO;
  const others = LABELS.filter((label) => label !== main);
  const ofOther = (label: string): number => {
    if (other === main) return (1 - ofMain) / others.length;
    return label === other ? 0.26 : (1 - ofMain - 0.26) / (others.length - 1);
  };
  return Object.fromEntries(LABELS.map((label) => [label, round(label === main ? ofMain : ofOther(label))]));
}

const round = (value: number): number => Number(value.toFixed(4));
