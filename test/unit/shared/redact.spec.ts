import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { redact } from '../../../shared/redact';

describe('what may stand in a log', () => {
  it.each([
    [
      "ENOENT: no such file or directory, open '/home/anna/Berg Anna/flair.nii.gz'",
      "ENOENT: no such file or directory, open '<path>'",
    ],
    ['open C:\\Users\\anna\\Berg, Anna\\scan.nii failed', 'open <path>'],
    ['at \\\\server\\share\\Berg', 'at <path>'],
    ['see file:///data/Berg.nii', 'see <path>'],
    ['Berg Anna 1970 FLAIR.nii.gz is empty (0 bytes).', '<file>.nii.gz is empty (0 bytes).'],
    ['The training failed: Berg.npy is damaged', 'The training failed:<file>.npy is damaged'],
    [
      '    at train (/opt/app/out/main/chunks/trainRun-x1.cjs:12:34)',
      '    at train (<app>/out/main/chunks/trainRun-x1.cjs:12:34)',
    ],
    [
      '3 of 4, 24/7, application/json, out-of-memory, 1.5 / 2',
      '3 of 4, 24/7, application/json, out-of-memory, 1.5 / 2',
    ],
  ])('%s', (text, expected) => expect(redact(text)).toBe(expected));

  it('is without the names that are known', () => {
    expect(redact('study Berg MS is saved by anna', ['anna', 'Berg MS', 'Berg', ''])).toBe(
      'study <name> is saved by <name>',
    );
  });

  it('never holds a name that was part of a path or of a scan, whatever stands around it', () => {
    const name = fc.stringMatching(/^[A-Z][a-z]{3,9}$/).map((letters) => `Q${letters}`);
    const folder = fc.constantFrom(
      '/data/',
      '/Users/x/',
      'C:\\data\\',
      'D:/data/',
      '\\\\pacs\\in\\',
      'file:///srv/',
    );
    const around = fc.constantFrom(
      ['', ''],
      ["open '", "'"],
      ['cannot read (', ')'],
      ['saved as ', ' just now'],
      ['x: ', '\nnext'],
    );
    const ending = fc.constantFrom('.nii', '.nii.gz', '.dcm', '.npy', '.h5', '.hdr');
    fc.assert(
      fc.property(
        name,
        name,
        folder,
        around,
        ending,
        fc.boolean(),
        (one, two, before, [left, right], end, isPath) => {
          const thing = isPath ? `${before}${one} ${two}/${two}${end}` : `${one} ${two}${end}`;
          const left2 = redact(`${left}${thing}${right}`);
          expect(left2).not.toContain(one);
          expect(left2).not.toContain(two);
        },
      ),
    );
  });
});
