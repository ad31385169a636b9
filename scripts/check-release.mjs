// Refuses a release whose papers are not filled in: `node scripts/check-release.mjs [FOLDER]`. It prints what is wrong, one
// line each, and ends with 1 if anything is.
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';

const root = process.argv[2] ?? fileURLToPath(new URL('..', import.meta.url));

/** What stands where nobody has said who, where and whom to write to. */
const PLACEHOLDER = /\b(OWNER|AUTHOR|CONTACT)\b/;
const PAPERS = ['package.json', 'CITATION.cff', 'SECURITY.md', 'README.md', 'LICENSE', 'CHANGELOG.md'];

const problems = PAPERS.filter((name) => !existsSync(join(root, name))).map((name) => `${name}: missing`);
const papers = new Map(
  PAPERS.filter((name) => existsSync(join(root, name))).map((name) => [name, readFileSync(join(root, name), 'utf8')]),
);
for (const name of ['package.json', 'CITATION.cff', 'SECURITY.md']) {
  for (const [i, line] of (papers.get(name) ?? '').split('\n').entries()) {
    const found = PLACEHOLDER.exec(line);
    if (found !== null) problems.push(`${name}:${i + 1}: the placeholder ${found[0]}: ${line.trim()}`);
  }
}

const manifest = JSON.parse(papers.get('package.json') ?? '{}');
for (const field of ['author', 'homepage', 'repository', 'bugs', 'license', 'version']) {
  if (manifest[field] === undefined) problems.push(`package.json: no ${field}`);
}
const { version } = manifest;
const cited = /^version: (.*)$/m.exec(papers.get('CITATION.cff') ?? '')?.[1];
if (cited !== version) problems.push(`CITATION.cff: version ${cited}, package.json has ${version}`);
if (!/^date-released: \d{4}-\d\d-\d\d$/m.test(papers.get('CITATION.cff') ?? '')) {
  problems.push('CITATION.cff: no date-released: YYYY-MM-DD');
}
const [, newest = '', notes = ''] =
  /^## \[(.*?)\](?:.*)\n([\s\S]*?)(?=^## |(?![\s\S]))/m.exec(papers.get('CHANGELOG.md') ?? '') ?? [];
if (newest === 'Unreleased' && notes.trim() !== '') {
  problems.push(`CHANGELOG.md: changes under Unreleased; give them the heading ## [${version}]`);
}
if (!(papers.get('CHANGELOG.md') ?? '').includes(`\n## [${version}]`)) {
  problems.push(`CHANGELOG.md: no heading ## [${version}]`);
}

for (const problem of problems) process.stderr.write(`${problem}\n`);
if (problems.length > 0) process.exitCode = 1;
else console.log(`ready to release ${version}`);
