import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';
import { PNG } from 'pngjs';
import { beforeAll, describe, expect, it } from 'vitest';
import type { MeasuredRow, MeasuredSummary } from '../../../shared/lesions/measured';
import { niftiBytes } from '../../../shared/volume/nifti';
import { ballScan } from '../../helpers/ballScan';
import { commandLine } from '../../helpers/commandLine';

const { at, run, printed } = commandLine('lesions');
const { like: ball, scan, truth } = ballScan();
/** Affines of real scans have zeros of either sign. */
const like = {
  ...ball,
  affine: ball.affine.map((value) => (value === 0 ? -0 : value)) as unknown as typeof ball.affine,
};
const { dims } = like;
const patient = (name: string): string => at(name);

beforeAll(() => {
  for (const name of ['seen', 'held-out', 'nothing']) {
    mkdirSync(patient(name));
    if (name === 'nothing') continue;
    const write = (file: string, data: Float32Array | Uint8Array): void =>
      writeFileSync(
        at(`${name}/${file}.nii.gz`),
        gzipSync(niftiBytes({ dims, data, like, description: 'test' })),
      );
    write('FLAIR', scan);
    write('lesions', truth);
    write(
      'T1',
      scan.map((value) => (value === 180 ? 60 : value)),
    );
    write('T2', scan);
  }
});

const tiny = [
  ...['baseWidth=1', 'generatorSlices=4', 'discriminatorSlices=4', 'maxCycles=1', 'pastedBatch=2'],
  ...['pixelMm=2', 'sidePixels=80', 'cropPixels=32'],
].flatMap((assignment) => ['--set', assignment]);
const backend = ['--backend', 'wasm'];

interface Written {
  rows: MeasuredRow[];
  summary: MeasuredSummary[];
}
const written = (name: string): Written => JSON.parse(readFileSync(at(name), 'utf8')) as Written;

describe('lesions', () => {
  it('trains on some patients, measures all by every method, and gives mean and spread over seeds', async () => {
    const folders = ['--train', patient('seen'), '--test', patient('held-out')];
    const json = ['--seeds', '2', '--json', at('rows.json')];
    expect(await run('lesions', ...folders, ...json, ...tiny, ...backend)).toBe(0);
    const { rows, summary } = written('rows.json');
    const methodsOf = (name: string, seed: number | null): string[] =>
      rows.filter((row) => row.patient === name && row.seed === seed).map(({ method }) => method);
    const plain = ['flair-z1.5', 'flair-smoothed', 'flair-smoothed-own', 'flair-smoothed-oracle'];
    for (const name of ['seen', 'held-out']) expect(methodsOf(name, null)).toEqual(plain);
    for (const seed of [1, 2]) {
      expect(methodsOf('seen', seed)).toEqual(['asc-net', 'asc-net-oracle']);
      expect(methodsOf('held-out', seed)).toEqual(['asc-net', 'asc-net-oracle', 'asc-net-adapted']);
    }
    expect(rows.every(({ patient: name, role }) => role === (name === 'seen' ? 'train' : 'test'))).toBe(true);

    // The ball is 20 deviations above its noise: every plain threshold but that at 1.5 finds it, and the oracle best.
    const dice = (method: string): number =>
      rows.find((row) => row.method === method && row.patient === 'seen')?.dice ?? NaN;
    expect(dice('flair-smoothed-oracle')).toBeGreaterThan(0.9);
    expect(dice('flair-smoothed-oracle')).toBeGreaterThanOrEqual(dice('flair-smoothed'));
    expect(dice('asc-net-oracle')).toBeGreaterThanOrEqual(dice('asc-net'));

    const of = (method: string): MeasuredSummary | undefined =>
      summary.find((entry) => entry.method === method && entry.patient === 'seen');
    const both = rows.filter((row) => row.method === 'asc-net-oracle' && row.patient === 'seen');
    expect(of('asc-net-oracle')?.seeds).toBe(2);
    expect(of('asc-net-oracle')?.mean.dice).toBeCloseTo(both.reduce((sum, row) => sum + row.dice, 0) / 2);
    expect(printed.out).toMatch(/held-out +test +asc-net-adapted +2/);
    expect(printed.out).toContain('over 2 seeds');
  }, 180_000);

  it('needs no held-out patient, keeps its runs where wanted, and takes settings of the preparation', async () => {
    const set = ['--set', 'neighbourMm=0', '--set', 'pastedBatch=0', '--set', 'pastedLesions=null'];
    const keep = ['--keep', at('kept'), '--json', at('one.json'), '--pictures', at('pictures')];
    expect(await run('lesions', '--train', patient('seen'), ...tiny, ...set, ...keep, ...backend)).toBe(0);
    const picture = PNG.sync.read(readFileSync(at('pictures/full/seen_train_asc-net_seed1.png')));
    // Three columns of a ball of 110 mm, at 2 mm a pixel, with margins of 3 and gaps of 4.
    expect(Math.abs(picture.width - (3 * (55 + 6) + 8))).toBeLessThanOrEqual(6);
    expect(written('one.json').rows.map(({ method }) => method)).not.toContain('asc-net-adapted');
    expect(written('one.json')).not.toHaveProperty('summary');
    const facts = JSON.parse(readFileSync(at('kept/run-1/run.json'), 'utf8')) as { channels: number };
    expect(facts.channels).toBe(1);

    // Again: the run is there. With another seed it is not.
    const weights = (): string => readFileSync(at('kept/run-1/run.json'), 'utf8');
    const before = weights();
    const again = ['lesions', '--train', patient('seen'), ...tiny, ...set, ...keep, ...backend];
    const { rows } = written('one.json');
    expect(await run(...again)).toBe(0);
    expect(weights()).toBe(before);
    const dice = (all: readonly MeasuredRow[]): number[] => all.map((row) => row.dice);
    expect(dice(written('one.json').rows)).toEqual(dice(rows));
    expect(await run(...again, '--set', 'generatorRate=0.001')).toBe(0);
    expect(weights()).not.toBe(before);
  }, 120_000);

  it('leaves parts out one at a time and puts their Dice beside that of the whole', async () => {
    const given = ['--train', patient('seen'), '--ablations', 'smoothing', '--json', at('ablations.json')];
    expect(await run('lesions', ...given, ...tiny, ...backend)).toBe(0);
    const { rows, ablations } = JSON.parse(readFileSync(at('ablations.json'), 'utf8')) as Written & {
      ablations: (Written & { name: string; settings: object })[];
    };
    expect(rows.map(({ method }) => method)).toContain('flair-smoothed');
    expect(ablations).toMatchObject([{ name: 'smoothing', settings: { smoothingMm: 0 } }]);
    expect(ablations[0]?.rows.map(({ method }) => method)).toEqual(['asc-net', 'asc-net-oracle']);
    expect(printed.out).toMatch(/^full +\d\.\d{3}$/m);
    expect(printed.out).toMatch(/^smoothing +\d\.\d{3}$/m);
  }, 120_000);

  it('takes T1 and T2 as further channels, and the run asks for them', async () => {
    const given = ['--train', patient('seen'), '--contrasts', 't2,T1', '--keep', at('contrasts')];
    expect(await run('lesions', ...given, ...tiny, ...backend)).toBe(0);
    const { channels, preparation, scans } = JSON.parse(
      readFileSync(at('contrasts/run-1/run.json'), 'utf8'),
    ) as { channels: number; preparation: object; scans: { contrasts: object[] }[] };
    expect(channels).toBe(5);
    expect(preparation).toMatchObject({ contrasts: ['T1', 'T2'] });
    // The noise is uniform within 4 of 100: quartiles at 98 and 102.
    expect(scans[0]?.contrasts[0]).toMatchObject({ method: 'quartiles' });
    const segment = ['segment', '--model', at('contrasts/run-1'), '--out', at('masks'), ...backend];
    const file = (name: string): string => at(`seen/${name}.nii.gz`);
    expect(await run(...segment, '--t1', file('T1'), file('FLAIR'))).toBe(1);
    expect(printed.err).toMatch(/looks at T2 as well/);
    expect(await run(...segment, '--t1', file('T1'), '--t2', file('T2'), file('FLAIR'))).toBe(0);
  }, 120_000);

  it.each([
    {
      given: ['--train', 'seen', '--ablations', 'everything'],
      said: /"everything" is no part .* adversarial,/,
    },
    { given: ['--train', 'nothing'], said: /nothing has no FLAIR\.nii\.gz/ },
    { given: ['--train', 'seen', '--test', 'seen'], said: /seen is named twice/ },
    { given: ['--train', 'seen', '--set', 'smoothingMm=-1'], said: /smoothingMm of the preparation/ },
    { given: ['--train', 'seen', '--set', 'baseWidht=1'], said: /baseWidht is not valid/ },
  ])('refuses $given', async ({ given, said }) => {
    const paths = given.map((text) => (existsSync(at(text)) ? patient(text) : text));
    expect(await run('lesions', ...paths, ...backend)).toBe(1);
    expect(printed.err).toMatch(said);
  });
});
