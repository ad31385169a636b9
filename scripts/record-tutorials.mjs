// Runs the commands of docs/tutorials/*.md, each page in an empty folder with the package as if it were installed, and
// pastes what they print into the pages: a block of `text` after a block of `sh`. `--check` pastes nothing: it is enough
// that every command ends well. Pages are all, or those that are named. A block after `<!-- not run: why -->` is left out; one after
// `<!-- in another terminal -->` keeps running, and its output is what it prints first.
import { spawn, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const pages = join(root, 'docs/tutorials');
const isCheck = process.argv.includes('--check');
const named = process.argv.slice(2).filter((word) => !word.startsWith('--'));
const BLOCK = /(?:^<!-- (not run|in another terminal)[^\n]*-->\n)?^```sh\n(.*?)^```\n(?:\n```text\n.*?^```\n)?/gms;

function emptyProject() {
  const folder = mkdtempSync(join(tmpdir(), 'tutorial-'));
  mkdirSync(join(folder, 'node_modules/.bin'), { recursive: true });
  symlinkSync(root, join(folder, 'node_modules/retort-ml'));
  symlinkSync(join(root, 'dist/cli/main.js'), join(folder, 'node_modules/.bin/retort'));
  writeFileSync(join(folder, 'package.json'), '{ "private": true }\n');
  return folder;
}

const environment = {
  ...process.env,
  NO_COLOR: '1',
  npm_config_update_notifier: 'false',
  npm_config_loglevel: 'error',
};

function outputOf(commands, cwd) {
  const { status, stdout } = spawnSync('bash', ['-euo', 'pipefail', '-c', `exec 2>&1\n${commands}`], {
    cwd,
    env: environment,
    encoding: 'utf8',
  });
  if (status !== 0) throw new Error(`ended with ${status}:\n${commands}\n${stdout}`);
  return stdout.replaceAll('\r', ''); // of headers that curl writes
}

/** Starts a server, and waits for the line that ends with where it listens: one of another address comes before. */
async function started(command, cwd, servers) {
  const server = spawn('bash', ['-c', `exec 2>&1; exec ${command}`], { cwd, env: environment, detached: true });
  servers.push(server);
  let text = '';
  for await (const part of server.stdout) {
    text += part;
    if (/http:\/\/127\.0\.0\.1:\d+\n/.test(text)) return text;
  }
  throw new Error(`ended before it listened:\n${command}\n${text}`);
}

async function recorded(page) {
  const folder = emptyProject();
  const servers = [];
  let [text, end] = ['', 0];
  try {
    for (const found of page.matchAll(BLOCK)) {
      const [whole, mark, commands] = found;
      const block = whole.replace(/\n```text\n[\s\S]*$/, '');
      let output = '';
      if (mark === 'in another terminal') output = await started(commands.trim(), folder, servers);
      else if (mark === undefined) output = outputOf(commands, folder);
      const shown = output.trim() === '' ? '' : `\n\`\`\`text\n${output.trimEnd()}\n\`\`\`\n`;
      text += page.slice(end, found.index) + (mark === 'not run' ? whole : block + shown);
      end = found.index + whole.length;
    }
  } finally {
    // Their groups: npx is a process around the command.
    for (const { pid } of servers) process.kill(-pid, 'SIGTERM');
    rmSync(folder, { recursive: true, force: true });
  }
  return text + page.slice(end);
}

for (const name of readdirSync(pages).filter((file) => file.endsWith('.md'))) {
  if (named.length > 0 && !named.includes(name.replace(/\.md$/, ''))) continue;
  const file = join(pages, name);
  const page = readFileSync(file, 'utf8');
  const text = await recorded(page);
  if (!isCheck) writeFileSync(file, text);
  console.log(`docs/tutorials/${name}: its commands ran`);
}
