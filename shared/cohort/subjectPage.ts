import { escaped, htmlPage, pictureTag, tableCells } from '../study/html';
import { DIFFERENCE_COLOURS, DIFFERENCE_WORDS, differenceSentence } from '../lesions/difference';
import { levelsFigure } from '../study/levelsFigure';
import { histogramFigure, pageStyle, shortNumber } from './pageParts';
import type { DoneRecord } from './record';

/** Rows of the lesion table that a page shows: the largest; all are in the TSV file. */
const MOST_ROWS = 60;

/**
 * The quality control of one scan as one HTML page that loads nothing and runs nothing.
 * @param montage PNG as a data URL: slices over the whole brain with the mask on them
 * @param difference the same with the plain threshold beside the mask; null for the intensity baseline itself
 */
export function subjectPage(
  record: Omit<DoneRecord, 'files' | 'thumbnail' | 'tookMs'>,
  montage: string,
  difference: string | null,
): string {
  const { id, figures, rows, histogram, scoreName } = record;
  const facts: [string, string][] = [
    ['Lesions', String(figures.lesions)],
    ['Lesion volume', `${shortNumber(figures.lesionVolumeMm3)} mm³`],
    ['Largest lesion', `${shortNumber(figures.largestMm3)} mm³`],
    ['Brain', `${shortNumber(figures.brainMm3 / 1000)} ml`],
    ['Threshold', `${figures.threshold.toFixed(3)}: ${record.reason}`],
    ...Object.entries(record.facts).map(([name, value]): [string, string] => [
      name,
      typeof value === 'string' ? value : JSON.stringify(value),
    ]),
  ];
  // The baseline has no I_ro.
  const withIro = (iro: string): string[] => (scoreName === 'I_ro' ? [iro] : []);
  const cells = (row: (typeof rows)[number]): string[] => [
    ...[String(row.id), String(row.voxels), shortNumber(row.volumeMm3), ...withIro(iroOf(row))],
    row.centreMm.map((mm) => mm.toFixed(1)).join(', '),
  ];
  const shown = rows.slice(0, MOST_ROWS).map((row) => `<tr>${tableCells('td', cells(row))}</tr>`);
  const more =
    rows.length > MOST_ROWS
      ? `<p class="quiet">And ${rows.length - MOST_ROWS} smaller ones: see ${escaped(record.mask.replace(/^.*\//, ''))} and the table beside it.</p>`
      : '';
  return htmlPage(
    id,
    pageStyle,
    `<p><a href="../group.html">All scans</a></p>
<h1>${escaped(id)}</h1>
<p class="quiet">Made ${escaped(record.at)} with ${escaped(record.software)}. For research; not a medical device.</p>
${record.warnings.map((warning) => `<p class="warning">${escaped(warning)}</p>`).join('')}
<table>${facts.map(([name, value]) => `<tr><th>${escaped(name)}</th><td>${escaped(value)}</td></tr>`).join('')}</table>
<h2>Slices</h2>
<figure class="montage">${pictureTag(montage, `Slices of ${id} with the lesion mask in red`)}<figcaption>Over the whole brain, laid out as radiologists do. Red: the mask.</figcaption></figure>
${difference && record.difference ? beside(id, record.difference, difference) : ''}
${record.levels ? `<h2>Levels of the head</h2>${levelsFigure(record.levels)}` : ''}
<h2>${scoreName === 'I_ro' ? 'I_ro' : 'Smoothed intensity, in robust deviations'}</h2>
${histogramFigure({ ...histogram, title: 'Voxels of the brain, on a logarithmic scale', logarithmic: true, mark: { at: figures.threshold, name: 'threshold' } })}
<h2>Lesions</h2>
<table><tr>${tableCells('th', ['Lesion', 'Voxels', 'Volume (mm³)', ...withIro('Mean I_ro'), 'Centre (mm, RAS)'])}</tr>${shown.join('')}</table>${more}`,
  );
}

/** "0.93 ± 0.04". */
function iroOf({ meanIro, spreadIro }: DoneRecord['rows'][number]): string {
  if (meanIro === null) return '';
  return meanIro.toFixed(2) + (spreadIro === null ? '' : ` ± ${spreadIro.toFixed(2)}`);
}

function beside(id: string, figures: NonNullable<DoneRecord['difference']>, picture: string): string {
  const key = (['both', 'network', 'baseline'] as const)
    .map(
      (name) =>
        `<span class="key" style="background:rgb(${DIFFERENCE_COLOURS[name].join(' ')})"></span> ${DIFFERENCE_WORDS[name]}`,
    )
    .join(' ');
  return `<h2>Beside a plain threshold</h2>
<p>${escaped(differenceSentence(figures, (mm3) => `${shortNumber(mm3)} mm³`))}</p>
<figure class="montage">${pictureTag(picture, `Slices of ${id} with the mask and the plain threshold`)}<figcaption>${key}</figcaption></figure>`;
}
