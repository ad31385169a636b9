/** @file Pictures of the documentation, as SVG. */
export const INK = '#212529';
export const FAINT = '#868e96';
export const COLOUR = '#0b7285';
export const LINE = '#ced4da';

export function svg(width: number, height: number, title: string, body: string): string {
  return (
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" role="img" aria-label="${title}" ` +
    `font-family="system-ui, sans-serif" font-size="13"><title>${title}</title>` +
    `<rect width="${width}" height="${height}" fill="#ffffff"/>${body}</svg>\n`
  );
}

export function text(x: number, y: number, content: string, colour = INK, anchor = 'middle'): string {
  return `<text x="${x.toFixed(1)}" y="${y}" text-anchor="${anchor}" fill="${colour}">${content}</text>`;
}
