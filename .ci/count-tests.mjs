// count-tests.mjs REPORT EXIT_CODE: sums a JSON report of Vitest. The last line is "passed failed skipped"; lines before
// it say what else was wrong. Where RETORT_DATA is set, a skipped test with [data] in its name counts as failed; with
// RETORT_MINILM so does one with [minilm].
import { readFileSync } from 'node:fs';

const [, , file, exitCode] = process.argv;
const counts = { passed: 0, failed: 0, skipped: 0 };
const complain = (text) => {
  counts.failed += 1;
  process.stdout.write(`${text}\n`);
};

let report;
try {
  report = JSON.parse(readFileSync(file, 'utf8'));
} catch (error) {
  complain(`no report of the tests: ${error.message}`);
}
for (const suite of report?.testResults ?? []) {
  for (const { status, fullName } of suite.assertionResults) {
    if (status === 'passed') counts.passed += 1;
    else if (status === 'failed') counts.failed += 1;
    else if (process.env.RETORT_DATA && fullName.includes('[data]'))
      complain(`skipped although data is here: ${fullName}`);
    else if (process.env.RETORT_MINILM && fullName.includes('[minilm]'))
      complain(`skipped although MiniLM is here: ${fullName}`);
    else counts.skipped += 1;
  }
}
if (report && counts.passed === 0) complain('no test passed');
// A file that does not load, or an error outside of any test, has no failed test of its own.
if (exitCode !== '0' && counts.failed === 0) complain(`the test run ended with ${exitCode}`);
process.stdout.write(`${counts.passed} ${counts.failed} ${counts.skipped}\n`);
