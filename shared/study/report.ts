import type { HeadExtent, LevelCover } from '../imaging/headLevels';
import { escaped, htmlPage, pictureTag, tableCells as cells } from './html';
import { levelsFigure } from './levelsFigure';

/** What a report says about one scan. Pictures are data URLs, so that the report is one file. */
export interface ScanReport {
  readonly scan: string;
  readonly study: string;
  readonly made: string;
  /** Who reviewed it last and when; empty where nobody has. */
  readonly reviewed: string;
  readonly state: string;
  /** Pairs of a name and what stands behind it. */
  readonly facts: readonly (readonly [string, string])[];
  /** What may be wrong with the mask, in sentences. */
  readonly warnings: readonly string[];
  /** Which levels of the head the training's healthy slices leave uncovered; null where that is not known. */
  readonly levels: (LevelCover & { readonly head: HeadExtent }) | null;
  readonly columns: readonly string[];
  readonly lesions: readonly {
    readonly cells: readonly string[];
    readonly verdict: string;
    readonly note: string;
    /** Who decided on it and when. */
    readonly decided: string;
    readonly picture: string | null;
  }[];
  readonly version: string;
}

const style = `body{font:14px/1.45 system-ui,sans-serif;color:#1b1e21;max-width:60rem;margin:2rem auto;padding:0 1rem}
table{border-collapse:collapse}th,td{padding:.2rem .7rem;text-align:left;vertical-align:top;overflow-wrap:anywhere;border-bottom:1px solid #ddd}
.lesions{display:grid;grid-template-columns:repeat(auto-fill,minmax(13rem,1fr));gap:1rem}
.warning{background:#fff4d6;border-left:4px solid #c98a00;padding:.4rem .7rem;margin:.4rem 0}
svg text{font:11px system-ui,sans-serif;fill:#56606a}figure{margin:0}img{width:100%;background:#000}.quiet{color:#56606a}`;

/** The report as one HTML page that loads nothing and runs nothing. */
export function reportHtml(report: ScanReport): string {
  const facts = report.facts.map(
    ([name, value]) => `<tr><th>${escaped(name)}</th><td>${escaped(value)}</td></tr>`,
  );
  const rows = report.lesions.map(
    ({ cells: own, verdict, note, decided }) => `<tr>${cells('td', [...own, verdict, note, decided])}</tr>`,
  );
  const pictures = report.lesions.map(({ cells: own, picture, verdict }) => {
    const caption = `Lesion ${own[0] ?? ''}${verdict ? `, ${verdict}` : ''}`;
    const tag = pictureTag(picture, caption);
    return tag ? `<figure>${tag}<figcaption>${escaped(caption)}</figcaption></figure>` : '';
  });
  return htmlPage(
    report.scan,
    style,
    `<h1>${escaped(report.scan)}</h1>
<p class="quiet">Study ${escaped(report.study)}. Made ${escaped(report.made)} with ASC-Net ${escaped(report.version)}.
For research; not a medical device.</p>
<p>Review: ${escaped(report.state)}${report.reviewed ? `; last: ${escaped(report.reviewed)}` : ''}.</p>
${report.warnings.map((warning) => `<p class="warning">${escaped(warning)}</p>`).join('')}
<table>${facts.join('')}</table>
${report.levels ? `<h2>Levels of the head</h2>${levelsFigure(report.levels)}` : ''}
<h2>Lesions</h2>
<table><tr>${cells('th', [...report.columns, 'State', 'Note', 'Decided'])}</tr>${rows.join('')}</table>
<div class="lesions">${pictures.join('')}</div>`,
  );
}
