// A stand-in for a decision service, for the tutorials: counts words that speak for a label, adds a whim for each text, and
// replies in the format of System One, with probabilities. `node stand-in.mjs [PORT]`, at 127.0.0.1.
import { createHash } from 'node:crypto';
import { createServer } from 'node:http';
import process from 'node:process';

const WORDS = {
  billing: /\b(charged|invoice|refund|card|price|receipt|money|paid|pay)\b/g,
  tech: /\b(load|log in|crashes|error|password|slow|blank|problem|work|nothing happens)\b/g,
  other: /\b(how do I|arrive|address|available|job|like|delete|invite)\b/gi,
};

/** From 0 to 1, always the same for a text and a label, which no student can learn. */
const whim = (text, label) => createHash('sha256').update(`${label} ${text}`).digest().readUInt16LE() / 65_536;

function answerTo(text, labels) {
  const scores = labels.map((label) =>
    Math.exp(2 * [...text.matchAll(WORDS[label] ?? /$^/g)].length + 2.2 * whim(text, label)),
  );
  const total = scores.reduce((sum, score) => sum + score, 0);
  const probabilities = Object.fromEntries(labels.map((label, i) => [label, scores[i] / total]));
  const choice = labels.reduce((best, label) => (probabilities[label] > probabilities[best] ? label : best));
  return { type: 'choice', choice, probabilities, confidence: probabilities[choice] };
}

const server = createServer(async (request, response) => {
  let body = '';
  for await (const part of request) body += part;
  const { state, questions } = JSON.parse(body);
  const answers = Object.fromEntries(
    Object.entries(questions).map(([name, { criteria }]) => [name, answerTo(String(state), Object.keys(criteria))]),
  );
  response.setHeader('content-type', 'application/json');
  response.end(JSON.stringify({ model: 'stand-in-1', answers, usage: { input_tokens: 30, output_tokens: 2 } }));
});
server.listen(Number(process.argv[2] ?? 8000), '127.0.0.1', () => {
  console.log(`a stand-in for a decision service: http://127.0.0.1:${server.address().port}`);
});
