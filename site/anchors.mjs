/** The anchor of a heading on GitHub, by which the pages of docs/ link to each other. A link in it counts by its text. */
export function anchorOf(heading) {
  return heading
    .replaceAll(/\]\([^)]*\)/g, '')
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N} _-]/gu, '')
    .replaceAll(' ', '-');
}
