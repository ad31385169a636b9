/** @file The shell: navigation, one part at a time, and what parts ask of it. */
import type { FolderFacts } from '../src/site/folder-content.js';
import type { SiteFacts } from '../src/site/site.js';
import { el } from './element.js';
import type { Part, PartContext } from './part.js';
import { PARTS } from './parts/table.js';

const place = (id: string): HTMLElement => {
  const found = document.getElementById(id);
  if (found === null) throw new Error(`the page has no #${id}`);
  return found;
};
const main = place('main');
const status = place('status');

async function file(path: string): Promise<Uint8Array<ArrayBuffer>> {
  const reply = await fetch(path).catch(() => undefined);
  if (reply === undefined) throw new Error(`${path} cannot be fetched: is retort playground still running?`);
  if (reply.status === 403) throw new Error(await reply.text());
  if (!reply.ok) throw new Error(`${path} is not beside this page (${reply.status})`);
  return new Uint8Array(await reply.arrayBuffer());
}

const json = async (path: string): Promise<unknown> => JSON.parse(new TextDecoder().decode(await file(path)));

async function contextOf(): Promise<PartContext> {
  const site = (await json('site.json')) as SiteFacts; // written by the same version of retort
  const folder = site.hasFolder ? ((await json('folder/folder.json')) as FolderFacts) : undefined;
  return {
    site,
    folder,
    file,
    say: (text) => {
      status.textContent = text;
    },
  };
}

/** Parts that have been looked at stay, so that a training goes on while another part is read. */
const shown = new Map<string, HTMLElement>();
const context = contextOf();

async function show(part: Part, isFocused: boolean): Promise<void> {
  document.title = `${part.title} · retort playground`;
  for (const link of links) {
    if (link.hash === `#${part.name}`) link.setAttribute('aria-current', 'page');
    else link.removeAttribute('aria-current');
  }
  for (const [name, section] of shown) section.hidden = name !== part.name;
  if (!shown.has(part.name)) {
    const section = el('section', { class: `part ${part.name}` }, el('h1', {}, part.title));
    shown.set(part.name, section);
    main.append(section);
    try {
      const { mount } = await part.load();
      await mount(section, await context);
    } catch (error) {
      section.append(
        el('p', { class: 'failure', role: 'alert' }, error instanceof Error ? error.message : String(error)),
      );
    }
  }
  if (isFocused) main.focus();
}

const named = (hash: string): Part | undefined => PARTS.find(({ name }) => hash === `#${name}`);
const links = PARTS.map(({ name, title }) => el('a', { href: `#${name}` }, title));
place('parts').append(...links.map((link) => el('li', {}, link)));
addEventListener('hashchange', () => {
  const part = named(location.hash);
  if (part !== undefined) void show(part, true);
});
const first = named(location.hash) ?? PARTS[0];
if (first !== undefined) void show(first, false);
