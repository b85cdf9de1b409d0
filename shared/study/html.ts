/** Pieces of pages that load nothing and run nothing: what comes from outside stands in them as text. */

export function escaped(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;');
}

/** Only a picture that this program made itself may stand in a page; '' for any other. */
export function pictureTag(picture: string | null, alt: string): string {
  if (picture === null || !/^data:image\/png;base64,[A-Za-z0-9+/=]+$/.test(picture)) return '';
  return `<img src="${picture}" alt="${escaped(alt)}">`;
}

/** Cells of one row of a table. */
export function tableCells(tag: 'th' | 'td', all: readonly string[]): string {
  return all.map((cell) => `<${tag}>${escaped(cell)}</${tag}>`).join('');
}

/** A whole page. @param body HTML */
export function htmlPage(title: string, style: string, body: string): string {
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; img-src data:; style-src 'unsafe-inline'">
<title>${escaped(title)}</title><style>${style}</style></head><body>
${body}
</body></html>
`;
}
