export { type CompareOptions, compareRuns, type RunComparison } from '../report/compare.js';
export { reportHtml } from '../report/html.js';
export { reportMarkdown } from '../report/markdown.js';
export { decimal, namedInterval, signedPoints } from '../report/words.js';
