/** @file A file of the reader's: chosen by a button, or dropped. It stays in the page. */
import { el, freshId } from '../element.js';

export type FileDropOptions = {
  readonly label: string;
  /** As in `<input accept>`: `.csv,.tsv`. */
  readonly accept: string;
  readonly onFile: (file: File) => void;
  /** A line below. */
  readonly hint?: string | undefined;
};

export function fileDrop({ label, accept, onFile, hint }: FileDropOptions): HTMLElement {
  const id = freshId('file');
  const input = el('input', { id, type: 'file', accept });
  const name = el('p', { class: 'note', 'aria-live': 'polite' }, hint ?? '');
  const take = (file: File | undefined | null): void => {
    if (!file) return;
    name.textContent = file.name;
    onFile(file);
  };
  input.addEventListener('change', () => take(input.files?.[0]));
  const element = el('div', { class: 'drop' }, el('label', { for: id }, label), input, name);
  const hover = (is: boolean) => (event: DragEvent) => {
    event.preventDefault();
    element.classList.toggle('over', is);
  };
  element.addEventListener('dragover', hover(true));
  element.addEventListener('dragleave', hover(false));
  element.addEventListener('drop', (event) => {
    hover(false)(event);
    take(event.dataTransfer?.files[0]);
  });
  return element;
}
