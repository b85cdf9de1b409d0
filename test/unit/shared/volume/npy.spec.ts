import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { failure } from '../../../helpers/refusal';
import {
  npyBytes,
  npyItemBytes,
  npyValues,
  readNpyHeader,
  volumeFromNpy,
} from '../../../../shared/volume/npy';
import { parseLiteral } from '../../../../shared/volume/pythonLiteral';

/** An .npy file with any header text. */
function withHeader(text: string, items = 0, version = 1): Uint8Array {
  const prefix = version === 1 ? 10 : 12;
  const out = new Uint8Array(prefix + text.length + items);
  out.set([0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59, version, 0]);
  const view = new DataView(out.buffer);
  if (version === 1) view.setUint16(8, text.length, true);
  else view.setUint32(8, text.length, true);
  for (let i = 0; i < text.length; i += 1) out[prefix + i] = text.charCodeAt(i);
  return out;
}

const header = (descr: string, shape: string): string =>
  `{'descr': ${descr}, 'fortran_order': False, 'shape': ${shape}, }\n`;

describe('.npy', () => {
  it('goes round, whatever the shape', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 5 }), { maxLength: 4 }), (shape) => {
        const data = Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, (_, i) => i - 0.5);
        const bytes = npyBytes(shape, data);
        expect(readNpyHeader(bytes)).toMatchObject({
          shape,
          dtype: 'float32',
          fortranOrder: false,
          littleEndian: true,
        });
        expect(readNpyHeader(bytes).dataOffsetBytes % 64).toBe(0);
        expect([...npyValues(bytes)]).toEqual([...data]);
      }),
    );
  });

  it('is read in place where it can be', () => {
    const bytes = npyBytes([3], Float32Array.of(1, 2, 3));
    expect(npyValues(bytes).buffer).toBe(bytes.buffer);
  });

  it('has its header read as numpy wrote it in the days of Python 2, and in other orders', () => {
    const bytes = withHeader("{'shape': (2L, 3L), 'fortran_order': True, 'descr': '>i2'}", 12);
    expect(readNpyHeader(bytes)).toMatchObject({
      shape: [2, 3],
      dtype: 'int16',
      littleEndian: false,
      fortranOrder: true,
    });
    expect(npyItemBytes('int16')).toBe(2);
  });

  it('refuses data that do not fill the shape, which only a bug can bring', () => {
    expect(() => npyBytes([2, 2], new Uint8Array(3))).toThrow('do not fill');
  });

  const cases: readonly (readonly [string, Uint8Array, string, string])[] = [
    ['a text file', Uint8Array.from('hello world', (c) => c.charCodeAt(0)), 'not-npy', 'numpy.save'],
    ['an empty file', new Uint8Array(0), 'not-npy', 'numpy.save'],
    ['the first six bytes', withHeader('').subarray(0, 6), 'npy-damaged', 'cut short in its header'],
    ['half a header', withHeader(header("'<f4'", '(2, 3)')).subarray(0, 30), 'npy-damaged', 'cut short'],
    ['a header of 4 GB', withHeader(' ', 0, 2).fill(255, 8, 12), 'npy-damaged', 'header of 4294967295 bytes'],
    ['version 9', withHeader(header("'<f4'", '(2,)'), 8, 9), 'npy-unsupported', 'version 9'],
    [
      'missing items',
      withHeader(header("'<f4'", '(2, 3)'), 23),
      'npy-damaged',
      'cut short: its header promises',
    ],
    [
      'code instead of a header',
      withHeader("__import__('os').system('ls')"),
      'npy-damaged',
      'cannot be read',
    ],
    ['no shape', withHeader("{'descr': '<f4', 'fortran_order': False}"), 'npy-damaged', 'cannot be read'],
    ['a shape of text', withHeader(header("'<f4'", "('a',)")), 'npy-damaged', 'cannot be read'],
    ['a negative size', withHeader(header("'<f4'", '(-1, 3)')), 'npy-damaged', 'cannot be read'],
    ['half a size', withHeader(header("'<f4'", '(1.5, 3)')), 'npy-damaged', 'cannot be read'],
    [
      'an absurd size',
      withHeader(header("'<f4'", '(100000, 100000, 100000)')),
      'too-large',
      '(100000, 100000, 100000)',
    ],
    [
      'an absurd size beside none',
      withHeader(header("'<f4'", '(0, 99999999999)')),
      'too-large',
      '99999999999',
    ],
    [
      'forty axes',
      withHeader(header("'<f4'", `(${'1, '.repeat(40)})`)),
      'too-large',
      'more than ASC-Net opens',
    ],
    ['objects', withHeader(header("'|O'", '(2,)')), 'npy-unsupported', 'Python objects'],
    ['text', withHeader(header("'<U12'", '(2,)')), 'npy-unsupported', 'an array of text'],
    ['records', withHeader(header("[('a', '<f4')]", '(2,)')), 'npy-unsupported', 'records'],
    ['complex numbers', withHeader(header("'<c8'", '(2,)')), 'npy-unsupported', 'complex numbers'],
    ['an unknown type', withHeader(header("'<z8'", '(2,)')), 'npy-unsupported', '"<z8"'],
    ['a type with a tail', withHeader(header("'<f4x'", '(2,)')), 'npy-unsupported', 'unusual size'],
  ];
  it.each(cases)('that is %s gets a sentence', (_, bytes, kind, words) => {
    const refused = failure(() => npyValues(bytes));
    expect(refused).toMatchObject({ kind });
    expect(refused.message).toContain(words);
  });
});

describe('a stack of slices', () => {
  it('is a volume with columns to the left, rows to the back and slices upwards', () => {
    const data = Float32Array.from({ length: 24 }, (_, i) => i);
    for (const shape of [
      [2, 3, 4],
      [2, 3, 4, 1],
    ]) {
      const volume = volumeFromNpy(npyBytes(shape, data));
      expect(volume.dims).toEqual([4, 3, 2]);
      expect([...volume.data]).toEqual([...data]);
      expect(volume.affine).toEqual([-1, 0, 0, 0, 0, -1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1]);
      expect(volume.header).toBeNull();
    }
    expect(volumeFromNpy(npyBytes([3, 4], data.subarray(0, 12))).dims).toEqual([4, 3, 1]);
  });

  it.each([
    [[24], 'shape-mismatch', '(24)'],
    [[2, 3, 4, 2], 'shape-mismatch', '(2, 3, 4, 2)'],
    [[1, 2, 3, 4, 1], 'shape-mismatch', '(1, 2, 3, 4, 1)'],
    [[0, 160, 160], 'empty-set', '(0, 160, 160)'],
  ])('of shape %j is refused', (shape, kind, words) => {
    const data = new Float32Array(shape.reduce((a, b) => a * b, 1));
    const refused = failure(() => volumeFromNpy(npyBytes(shape, data), 'set.npy'));
    expect(refused).toMatchObject({ kind });
    expect(refused.message).toContain(words);
  });
});

describe('Python literals', () => {
  it.each([
    ["{'a': (1, 2), 'b': [True, None], \"c\": {'d': -3}}", true],
    ['(1,)', true],
    ["{'a': 1,}", true],
    ['()', true],
    ["{'a' 1}", false],
    ["{'a': 1", false],
    ["{'a': 1} trailing", false],
    ['{1: 2}', false],
    ["'open", false],
    ["'esc\\x41pe'", false],
    ['1e5', false],
    ['print', false],
    ['', false],
    ['('.repeat(1000), false],
  ])('%s', (text, readable) => {
    expect(parseLiteral(text) !== undefined).toBe(readable);
  });
});
