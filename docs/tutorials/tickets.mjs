// Writes invented requests to a help desk into this folder, for the tutorials: tickets.csv, 400 with labels; requests.csv,
// 1,200 without; sample.csv, 600 others without. Always the same ones.
import { writeFileSync } from 'node:fs';

/** Numbers from 0 to 1 by a seed (mulberry32). */
function random(seed) {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

const next = random(21);
const pick = (list) => list[Math.floor(next() * list.length)];

const OPENINGS = [
  '',
  '',
  'hello, ',
  'hi team, ',
  'urgent: ',
  'sorry to bother you, ',
  'third time I write: ',
  'good morning, ',
];
const ENDINGS = [
  '',
  '',
  ', please help',
  ', thanks',
  ' since monday',
  ' again',
  ', what can I do?',
  ' and I need it today',
];
const THINGS = ['app', 'account', 'order', 'subscription', 'new plan', 'website', 'delivery', 'team workspace'];
const ASKED = {
  billing: [
    (thing) => `I was charged twice for my ${thing}`,
    (thing) => `the invoice for the ${thing} shows the wrong amount`,
    (thing) => `can I get a refund for the ${thing}`,
    (thing) => `my card was declined when I paid for the ${thing}`,
    (thing) => `why did the price of the ${thing} go up`,
    (thing) => `please send a receipt for the ${thing}`,
    (thing) => `I cancelled the ${thing} but money was taken`,
  ],
  tech: [
    (thing) => `the ${thing} does not load`,
    (thing) => `I cannot log in to my ${thing}`,
    (thing) => `the ${thing} crashes when I open it`,
    (thing) => `an error 500 appears in the ${thing}`,
    (thing) => `the password reset for the ${thing} sends no mail`,
    (thing) => `the ${thing} is very slow`,
    (thing) => `the ${thing} shows a blank page when I pay`,
  ],
  other: [
    (thing) => `how do I invite a colleague to the ${thing}`,
    (thing) => `when does the ${thing} arrive`,
    (thing) => `I would like to change the address of my ${thing}`,
    (thing) => `is the ${thing} available in french`,
    (thing) => `do you have a job opening in the ${thing} group`,
    (thing) => `I just want to say that I like the ${thing}`,
    (thing) => `please delete my ${thing}`,
  ],
};
/** Requests that could be of two kinds: whoever labels them decides by a coin. */
const UNCLEAR = [
  (thing) => `there is a problem with my ${thing}`,
  (thing) => `nothing happens with the ${thing}`,
  (thing) => `I paid but the ${thing} does not work`,
];

function ticket() {
  const label = pick(Object.keys(ASKED));
  const asked = next() < 0.12 ? pick(UNCLEAR) : pick(ASKED[label]);
  return { label, text: `${pick(OPENINGS)}${asked(pick(THINGS))}${pick(ENDINGS)}` };
}

const quoted = (text) => (text.includes(',') ? `"${text}"` : text);
const tickets = Array.from({ length: 400 }, ticket);
writeFileSync(
  'tickets.csv',
  ['text,label', ...tickets.map(({ text, label }) => `${quoted(text)},${label}`), ''].join('\n'),
);
const seen = new Set(tickets.map(({ text }) => text));
for (const [file, count] of [
  ['requests.csv', 1200],
  ['sample.csv', 600],
]) {
  const lines = ['text'];
  while (lines.length <= count) {
    const { text } = ticket();
    if (seen.has(text)) continue;
    seen.add(text);
    lines.push(quoted(text));
  }
  writeFileSync(file, `${lines.join('\n')}\n`);
}
