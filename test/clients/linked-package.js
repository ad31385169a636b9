import { mkdirSync, rmSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../..', import.meta.url));

export const CHROMIUM = process.env.CHROMIUM ?? '/usr/bin/chromium';

/** Of one that is started by a test, also by root, and looks for nothing outside. */
export const CHROMIUM_FLAGS = [
  ...['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking'],
  ...['--disable-component-update', '--disable-sync'],
];

/** Puts the built package into a client's `node_modules` as it is installed: what `npm pack` takes, and its dependencies. */
export function linkPackage(client) {
  const installed = join(client, 'node_modules', 'retort-ml');
  rmSync(installed, { recursive: true, force: true });
  mkdirSync(installed, { recursive: true });
  for (const name of ['package.json', 'dist', 'node_modules']) symlinkSync(join(root, name), join(installed, name));
}
