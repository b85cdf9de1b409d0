import { describe, expect, it } from 'vitest';
import { exportName, exportStems } from '../../../../shared/study/exportNames';
import { reportHtml, type ScanReport } from '../../../../shared/study/report';

const facts = (scan: string): { scan: string; study: string; date: string } => ({
  scan,
  study: 'Ward 3/4',
  date: '2026-11-23T10:00:00Z',
});

describe('names of exports', () => {
  it('fill the pattern and fit every file system', () => {
    expect(exportStems('{scan}', [facts('p01_flair.nii.gz')])).toEqual(['p01_flair']);
    expect(exportStems('{study} {date} {scan}', [facts('a.nii')])).toEqual(['Ward 3_4 2026-11-23 a']);
    expect(exportStems('../{scan}', [facts('a.nii')])).toEqual(['_a']);
    expect(exportStems('...', [facts('a.nii')])).toEqual(['scan']);
    expect(exportName('p01', 'mask')).toBe('p01_mask.nii.gz');
  });

  it('never fall together, not even where capitals do not count', () => {
    expect(exportStems('{scan}', [facts('a.nii'), facts('A.nii.gz'), facts('a.npy')])).toEqual([
      'a',
      'A_2',
      'a_3',
    ]);
    expect(exportStems('x', [facts('a.nii'), facts('b.nii')])).toEqual(['x', 'x_2']);
  });
});

describe('the report', () => {
  const report: ScanReport = {
    scan: '<img src=x onerror=alert(1)>.nii',
    study: 'A & B',
    made: '2026-11-23',
    reviewed: 'Dr "Q", 23.11.2026',
    state: 'done',
    facts: [['Threshold', '0.62']],
    warnings: ['Look at <it>.'],
    levels: { head: { first: 0, last: 9, sliceMm: 2 }, uncovered: [[3, 4]], share: 0.2 },
    columns: ['#', 'Volume'],
    lesions: [
      {
        cells: ['1', '412 mm\u00b3'],
        verdict: 'accepted',
        note: '<b>',
        decided: 'Dr "Q", 22.11.2026',
        picture: 'data:image/png;base64,AAAA',
      },
      {
        cells: ['2', '38 mm\u00b3'],
        verdict: '',
        note: '',
        decided: '',
        picture: 'https://example.org/x.png',
      },
    ],
    version: '1.0',
  };

  it('says what is known, and lets nothing in that could run or load', () => {
    const html = reportHtml(report);
    expect(html).toContain('&lt;img src=x onerror=alert(1)&gt;.nii');
    expect(html).toContain('A &amp; B');
    expect(html).toContain('Dr &quot;Q&quot;, 23.11.2026');
    expect(html).toContain('<td>Dr &quot;Q&quot;, 22.11.2026</td>');
    expect(html).toContain('<td>&lt;b&gt;</td>');
    expect(html).toContain('<p class="warning">Look at &lt;it&gt;.</p>');
    // Slices 3 and 4 of 0 to 9, over 420 pixels.
    expect(html).toContain('<rect x="126.0" y="0" width="84.0"');
    expect(html).toContain('20 % of this head');
    expect(html.match(/<img /g)).toHaveLength(1);
    expect(html).not.toContain('example.org');
    expect(html).toContain('<td>412 mm\u00b3</td><td>accepted</td>');
  });
});
