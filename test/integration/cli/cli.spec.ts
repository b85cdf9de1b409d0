import { readdirSync, readFileSync, writeFileSync, existsSync } from 'node:fs';
import { gzipSync } from 'node:zlib';
import { beforeAll, describe, expect, it } from 'vitest';
import { parseScan } from '../../../main/cli/prepare';
import { centredAffine } from '../../../shared/geometry/affine';
import { niftiBytes, volumeFromNifti } from '../../../shared/volume/nifti';
import { npyBytes, readNpyHeader } from '../../../shared/volume/npy';
import { ballScan } from '../../helpers/ballScan';
import { commandLine } from '../../helpers/commandLine';

const { folder, at, run, printed } = commandLine('cli');

const { like, scan: ball, truth } = ballScan();
const { dims } = like;

beforeAll(() => {
  writeFileSync(at('scan.nii.gz'), gzipSync(niftiBytes({ dims, data: ball, like, description: 'test' })));
  writeFileSync(at('truth.nii.gz'), gzipSync(niftiBytes({ dims, data: truth, like, description: 'test' })));
});

describe('the way from volumes to masks', () => {
  it('prepares, trains, predicts and segments on the source grid', async () => {
    const scan = at('scan.nii.gz');
    expect(
      await run(
        'prepare',
        '--reference',
        `${scan}#0-5`,
        '--input',
        scan,
        '--truth',
        at('truth.nii.gz'),
        '--out',
        at('sets'),
      ),
    ).toBe(0);
    const index = JSON.parse(readFileSync(at('sets/index.json'), 'utf8')) as {
      reference: { slice: number }[];
      input: unknown[];
    };
    expect(index.reference.every(({ slice }) => slice <= 5)).toBe(true);
    expect(readNpyHeader(readFileSync(at('sets/input_for_generator.npy'))).shape).toEqual([
      index.input.length,
      160,
      160,
      1,
    ]);
    expect(readNpyHeader(readFileSync(at('sets/tumor_mask_for_generator.npy'))).dtype).toBe('uint8');

    const train = [
      'train',
      '--data',
      at('sets'),
      '--width',
      '1',
      '--cycles',
      '1',
      '--backend',
      'wasm',
      '--seed',
      '4',
    ];
    expect(await run(...train, '--out', at('run'))).toBe(0);
    expect(await run(...train, '--out', at('again'))).toBe(0);
    // One seed, one result: the weights are the same bytes.
    expect(
      readFileSync(at('again/generator.weights')).equals(readFileSync(at('run/generator.weights'))),
    ).toBe(true);

    expect(
      await run(
        'predict',
        '--model',
        at('run'),
        '--input',
        at('sets/input_for_generator.npy'),
        '--out',
        at('cuts'),
        '--backend',
        'wasm',
      ),
    ).toBe(0);
    const iro = readNpyHeader(readFileSync(at('cuts/iro.npy')));
    expect([iro.shape, iro.dtype]).toEqual([[index.input.length, 160, 160, 1], 'float32']);
    expect(readdirSync(at('cuts')).sort()).toEqual(['ifc.npy', 'iro.npy', 'iwc.npy']);

    expect(
      await run(
        'segment',
        '--model',
        at('run'),
        '--out',
        at('masks'),
        '--threshold',
        '0.2',
        '--backend',
        'wasm',
        scan,
      ),
    ).toBe(0);
    expect(readdirSync(at('masks')).sort()).toEqual([
      'scan_baseline.nii.gz',
      'scan_iro.nii.gz',
      'scan_lesions.csv',
      'scan_lesions.json',
      'scan_mask.json',
      'scan_mask.nii.gz',
      'scan_report.json',
    ]);
  }, 120_000);

  it('finds the bright ball by intensity alone and evaluates it', async () => {
    expect(await run('segment', '--baseline', 'intensity', '--out', at('plain'), at('scan.nii.gz'))).toBe(0);
    expect(
      await run(
        'evaluate',
        '--json',
        '--prediction',
        at('plain/scan_mask.nii.gz'),
        '--truth',
        at('truth.nii.gz'),
      ),
    ).toBe(0);
    const result = JSON.parse(printed.out.slice(printed.out.indexOf('{'))) as {
      dice: number;
      foundLesions: number;
      falseLesions: number;
    };
    expect(result.dice).toBeGreaterThan(0.75);
    expect([result.foundLesions, result.falseLesions]).toEqual([1, 0]);
  });
});

describe('what is wrong gets a sentence and leaves nothing behind', () => {
  const segment = (name: string): Promise<number> =>
    run('segment', '--baseline', 'intensity', '--out', at('wrong'), at(name));

  it.each([
    [
      'a text file named .nii.gz',
      'text.nii.gz',
      Buffer.from('hello, this is no scan\n'.repeat(40)),
      /text\.nii\.gz|NIfTI/,
    ],
    [
      'an .npy of strings',
      'strings.npy',
      Buffer.concat([
        Buffer.from('\x93NUMPY\x01\x00\x46\x00', 'latin1'),
        Buffer.from("{'descr': '<U5', 'fortran_order': False, 'shape': (3,), }".padEnd(69) + '\n'),
      ]),
      /U5|string|text/i,
    ],
    ['an empty file', 'empty.nii', Buffer.alloc(0), /empty/],
  ])('%s', async (_, name, bytes, sentence) => {
    writeFileSync(at(name), bytes);
    expect(await segment(name)).toBe(1);
    expect(printed.err).toMatch(sentence);
    expect(printed.err).not.toMatch(/\n\s+at /);
    expect(existsSync(at('wrong'))).toBe(false);
  });

  it('a truncated .nii.gz', async () => {
    const whole = readFileSync(at('scan.nii.gz'));
    writeFileSync(at('cut.nii.gz'), whole.subarray(0, whole.length / 2));
    expect(await segment('cut.nii.gz')).toBe(1);
    expect(printed.err).toMatch(/cut short or damaged/);
    expect(existsSync(at('wrong'))).toBe(false);
  });

  it('a damaged volume after a sound one, in prepare', async () => {
    const both = [at('scan.nii.gz'), at('cut.nii.gz')];
    expect(await run('prepare', '--reference', ...both, '--input', ...both, '--out', at('wrong'))).toBe(1);
    expect(printed.err).toMatch(/cut\.nii\.gz is cut short or damaged/);
    expect(existsSync(at('wrong'))).toBe(false);
  });

  it('an empty set', async () => {
    for (const name of ['good_dic_to_train_disc', 'input_for_generator']) {
      writeFileSync(at(`${name}.npy`), npyBytes([0, 160, 160, 1], new Float32Array(0)));
    }
    expect(await run('train', '--data', folder, '--out', at('wrong'), '--backend', 'wasm')).toBe(1);
    expect(printed.err).toMatch(/holds no slices/);
    expect(existsSync(at('wrong'))).toBe(false);
  });

  it('a missing file, a mask on another grid, a folder that is no run', async () => {
    expect(await segment('nowhere.nii.gz')).toBe(1);
    expect(printed.err).toMatch(/There is no file nowhere\.nii\.gz/);
    const scan = volumeFromNifti(
      niftiBytes({
        dims: [4, 4, 4],
        data: new Uint8Array(64),
        like: {
          dims: [4, 4, 4],
          affine: centredAffine([4, 4, 4], [1, 1, 1]),
          zooms: [1, 1, 1],
          header: null,
        },
        description: '',
      }),
    );
    writeFileSync(
      at('small.nii'),
      niftiBytes({ dims: scan.dims, data: new Uint8Array(64), like: scan, description: '' }),
    );
    expect(await run('evaluate', '--prediction', at('small.nii'), '--truth', at('truth.nii.gz'))).toBe(1);
    expect(printed.err).toMatch(/another grid.*4x4x4.*60x50x12/s);
    expect(await run('segment', '--model', folder, '--out', at('wrong'), at('scan.nii.gz'))).toBe(1);
    expect(printed.err).toMatch(/not a finished run/);
  });

  it.each(
    [
      ['nonsense'],
      ['segment', '--out', 'wrong', 'scan.nii.gz'],
      ['segment', '--baseline', 'intensity', '--threshold', 'high', '--out', 'wrong', 'scan.nii.gz'],
      ['segment', '--baseline', 'intensity', '--names', 'a/b', '--out', 'wrong', 'scan.nii.gz'],
      ['train', '--data', '.'],
      ['train', '--data', '.', '--out', 'wrong', '--preset', 'best'],
      ['train', '--data', '.', '--out', 'wrong', '--stage', '3'],
      ['train', '--data', '.', '--out', 'wrong', '--width', '65'],
      ['train', '--data', '.', '--out', 'wrong', '--set', 'nonsense=1'],
      ['train', '--data', '.', '--out', 'wrong', '--set', 'dropout=-1'],
      ['prepare', '--reference', 'scan.nii.gz#3-4-5', '--input', 'scan.nii.gz', '--out', 'wrong'],
      ['create', '--out', 'wrong', '--size', '160'],
      ['create', '--out', 'wrong', '--size', '160', '150'],
      ['create', '--out', 'wrong', '--width', '0'],
    ].map((args) => ({ line: args.join(' '), args })),
  )('wrong usage ends with 2: $line', async ({ args }) => {
    const placed = args.map((arg) => (/^(wrong|\.|scan\.nii\.gz.*)$/.test(arg) ? at(arg) : arg));
    expect(await run(...placed)).toBe(2);
    expect(printed.err).not.toMatch(/\n\s+at /);
    expect(existsSync(at('wrong'))).toBe(false);
  });

  it('help and version are no mistake', async () => {
    expect(await run('--version')).toBe(0);
    expect(await run('train', '--help')).toBe(0);
  });
});

it('slice lists are read as they are written', () => {
  expect(parseScan('a.nii.gz#2-4,9')).toEqual({ path: 'a.nii.gz', slices: [2, 3, 4, 9] });
  expect(parseScan('a#b.nii')).toEqual({ path: 'a#b.nii', slices: null });
});
