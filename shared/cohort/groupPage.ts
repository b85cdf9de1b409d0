import { escaped, htmlPage, pictureTag } from '../study/html';
import { figureTitles, rankBySuspicion, SUSPICIOUS, type Outlier } from './outliers';
import { histogramFigure, pageStyle, shortNumber } from './pageParts';
import type { BatchRecord, DoneRecord } from './record';

/** Scans of which the page shows a thumbnail: the page stays one that a browser opens at once. */
const MOST_THUMBNAILS = 400;

/** The quality control of a cohort as one HTML page that loads nothing and runs nothing: the suspicious scans come first. */
export function groupPage(records: readonly BatchRecord[], facts: { software: string; at: string }): string {
  const done = records.filter((record) => record.state === 'done');
  const failed = records.filter((record) => record.state === 'failed');
  const started = records.filter((record) => record.state === 'started');
  const ranked = rankBySuspicion(done);
  const suspicious = ranked.filter(({ suspicion }) => suspicion > SUSPICIOUS).length;
  return htmlPage(
    'ASC-Net: all scans',
    pageStyle,
    `<h1>${done.length} of ${records.length} scans</h1>
<p class="quiet">Made ${escaped(facts.at)} with ${escaped(facts.software)}. For research; not a medical device.</p>
<p>${suspicious} of them lie more than ${SUSPICIOUS} robust deviations from the cohort in some figure.${failed.length > 0 ? ` ${failed.length} failed.` : ''}${started.length > 0 ? ` ${started.length} were begun and not ended.` : ''}</p>
${failed.map(({ id, failure }) => `<p class="failed"><b>${escaped(id)}</b>: ${escaped(failure.message)}</p>`).join('')}
${started.map(({ id }) => `<p class="failed"><b>${escaped(id)}</b>: begun and not ended; run the batch again.</p>`).join('')}
<h2>Distributions</h2>
<div class="charts">${distribution(
      'Lesions of a scan',
      done.map(({ figures }) => figures.lesions),
    )}${distribution(
      'Lesion volume of a scan (mm³)',
      done.map(({ figures }) => figures.lesionVolumeMm3),
    )}</div>
<h2>Scans, the suspicious ones first</h2>
<table><tr><th>Scan</th><th></th><th class="number">Lesions</th><th class="number">Volume (mm³)</th><th class="number">Brain (ml)</th><th>Unusual</th></tr>
${ranked.map((outlier, at) => row(outlier, at < MOST_THUMBNAILS)).join('\n')}</table>`,
  );
}

function row({ scan, z, by, suspicion }: Outlier<DoneRecord>, withPicture: boolean): string {
  const { figures } = scan;
  const unusual =
    suspicion > SUSPICIOUS
      ? `<span class="suspicious">${escaped(figureTitles[by])}, z ${z[by].toFixed(1)}</span>`
      : `<span class="quiet">z ${z[by].toFixed(1)} (${escaped(figureTitles[by])})</span>`;
  const warnings = scan.warnings.map((warning) => `<br>${escaped(warning)}`).join('');
  const picture = withPicture
    ? pictureTag(`data:image/png;base64,${scan.thumbnail}`, `A slice of ${scan.id}`)
    : '';
  return `<tr id="${escaped(scan.id)}"><td class="thumbnail"><a href="${escaped(encodeURI(scan.page))}">${picture}</a></td><td><a href="${escaped(encodeURI(scan.page))}">${escaped(scan.id)}</a></td><td class="number">${figures.lesions}</td><td class="number">${shortNumber(figures.lesionVolumeMm3)}</td><td class="number">${shortNumber(figures.brainMm3 / 1000)}</td><td>${unusual}${warnings}</td></tr>`;
}

/** Values over decades: bins of equal width on log(1 + value). */
function distribution(title: string, values: readonly number[]): string {
  const bins = 24;
  const highest = Math.log1p(Math.max(1, ...values));
  const counts = Array.from({ length: bins }, () => 0);
  for (const value of values) {
    const bin = Math.min(bins - 1, Math.floor((Math.log1p(value) / highest) * bins));
    counts[bin] = (counts[bin] as number) + 1;
  }
  return histogramFigure({
    title: `${title}, on a logarithmic axis`,
    low: 0,
    high: highest,
    counts,
    format: (value) => shortNumber(Math.expm1(value)),
  });
}

/** The cohort as a table: a line for each scan, columns first. */
export function groupRows(records: readonly BatchRecord[]): (string | number)[][] {
  const ranked = rankBySuspicion(records.filter((record) => record.state === 'done'));
  const done = ranked.map(({ scan, z, by, suspicion }) => [
    ...[scan.id, scan.subject, scan.session ?? 'n/a', 'done', scan.figures.lesions],
    ...[scan.figures.lesionVolumeMm3, scan.figures.largestMm3, scan.figures.brainMm3].map(rounded),
    ...[scan.figures.threshold, scan.figures.scoreP999, suspicion].map(rounded),
    ...[by, ...Object.values(z).map(rounded), scan.mask, ''],
  ]);
  const rest = records
    .filter((record) => record.state !== 'done')
    .map((record) => [
      ...[record.id, record.subject, record.session ?? 'n/a', record.state],
      ...Array.from({ length: 15 }, () => 'n/a'),
      record.state === 'failed' ? record.failure.message : 'begun and not ended',
    ]);
  const header = [
    ...['id', 'subject', 'session', 'state', 'lesions', 'lesion_volume_mm3', 'largest_mm3', 'brain_mm3'],
    ...['threshold', 'score_p999', 'suspicion', 'by', 'z_lesions', 'z_lesion_volume', 'z_largest'],
    ...['z_brain', 'z_threshold', 'z_score_p999', 'mask', 'failure'],
  ];
  return [header, ...rest, ...done];
}

const rounded = (value: number): number => Number(value.toPrecision(6));

/** All lesions of a cohort as one table: columns first. */
export function cohortLesionRows(records: readonly BatchRecord[]): (string | number)[][] {
  const header = ['id', 'subject', 'session', 'lesion', 'voxels', 'volume_mm3', 'x_mm', 'y_mm', 'z_mm'];
  const lines = records
    .filter((record) => record.state === 'done')
    .flatMap((record) =>
      record.rows.map((row) => [
        ...[record.id, record.subject, record.session ?? 'n/a', row.id, row.voxels, rounded(row.volumeMm3)],
        ...row.centreMm.map((mm) => Number(mm.toFixed(2))),
      ]),
    );
  return [header, ...lines];
}
