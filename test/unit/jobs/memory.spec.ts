import { describe, expect, it } from 'vitest';
import { refuseTooLittleMemory } from '../../../main/engine/jobs/memory';
import { trainingBytes, whatFits } from '../../../shared/study/memory';
import { presets } from '../../../shared/study/trainingSettings';

const MEGABYTE = 2 ** 20;
const cpu = { backend: 'wasm' } as const;
const slice = { height: 160, width: 160 };

describe('the memory that a training takes', () => {
  // Peaks of whole processes (getrusage's maxrss, MiB), Node 20 on Linux x64, preset published, stage 2, one epoch of each
  // network; batches of M and of D. The last: docs/training.md.
  it.each([
    ['wasm', 4, 4, 4, 320, 920],
    ['wasm', 4, 16, 16, 160, 890],
    ['wasm', 8, 4, 4, 160, 529],
    ['wasm', 8, 1, 32, 160, 798],
    ['wasm', 16, 2, 2, 160, 648],
    ['wasm', 16, 4, 4, 160, 958],
    ['wasm', 32, 2, 2, 160, 1398],
    ['wasm', 32, 4, 4, 160, 1979],
    ['native', 4, 4, 4, 160, 457],
    ['native', 8, 4, 4, 160, 534],
    ['native', 8, 4, 4, 320, 1158],
    ['native', 8, 16, 16, 160, 1092],
    ['native', 16, 4, 4, 160, 744],
    ['native', 16, 16, 16, 160, 1830],
    ['native', 16, 1, 32, 160, 1636],
    ['native', 32, 1, 16, 160, 1807],
    ['native', 32, 4, 4, 160, 1258],
    ['native', 32, 8, 8, 160, 2038],
    ['native', 32, 16, 72, 160, 7570],
  ] as const)(
    'is near what was measured: %s, width %i, batches %i and %i, side %i',
    (backend, baseWidth, generatorBatch, discriminatorBatch, side, measured) => {
      const told =
        trainingBytes(
          { ...presets.published, baseWidth, generatorBatch, discriminatorBatch },
          { height: side, width: side },
          backend,
        ) / MEGABYTE;
      expect(told / measured).toBeGreaterThan(0.85);
      expect(told / measured).toBeLessThan(1.15);
    },
  );

  it('is rather too much than too little where it is not near: D at a small width on the native library', () => {
    const small = { ...presets.published, baseWidth: 8, generatorBatch: 1, discriminatorBatch: 32 };
    const told = trainingBytes(small, slice, 'native') / MEGABYTE;
    expect(told / 749).toBeGreaterThan(1);
    expect(told / 749).toBeLessThan(1.5);
  });

  it('is on WebAssembly never more than that can hold, since a batch is cut into pieces there', () => {
    const most = { ...presets.published, baseWidth: 64, generatorBatch: 64 };
    expect(trainingBytes(most, slice, 'native')).toBeGreaterThan(8 * 2 ** 30);
    expect(trainingBytes(most, slice, 'wasm') / 2 ** 30).toBeCloseTo(4.2, 1);
  });

  it('counts pasted slices, and crops by their own size', () => {
    const flair = presets['ms-flair'];
    expect(trainingBytes({ ...flair, pastedBatch: 0 }, slice, 'wasm')).toBeLessThan(
      trainingBytes(flair, slice, 'wasm'),
    );
    expect(trainingBytes({ ...flair, cropPixels: null }, slice, 'wasm')).toBeGreaterThan(
      2 * trainingBytes(flair, slice, 'wasm'),
    );
  });

  it('says what would fit, and that really does', () => {
    const room = 1500 * MEGABYTE;
    const { batches, width } = whatFits(presets.published, slice, 'wasm', room);
    expect(trainingBytes({ ...presets.published, ...batches }, slice, 'wasm')).toBeLessThanOrEqual(room);
    expect(
      trainingBytes({ ...presets.published, baseWidth: width as number }, slice, 'wasm'),
    ).toBeLessThanOrEqual(room);
    // And no more than that does.
    expect(
      trainingBytes({ ...presets.published, baseWidth: (width as number) + 1 }, slice, 'wasm'),
    ).toBeGreaterThan(room);
    expect(whatFits(presets.published, slice, 'wasm', MEGABYTE)).toEqual({ batches: null, width: null });
  });

  it('is refused before it starts where it is not there, with both numbers and a way', () => {
    expect(() => refuseTooLittleMemory(presets.published, slice, cpu, 1500 * MEGABYTE)).toThrowError(
      expect.objectContaining({
        kind: 'out-of-memory',
        message: expect.stringMatching(
          /needs about \d+\.\d GB of memory, and 1\.5 GB are free: choose a width of at most \d+, or smaller batches \(generatorBatch \d+, discriminatorBatch \d+\), or close other programs\.$/,
        ),
      }),
    );
    expect(() => refuseTooLittleMemory(presets.published, slice, cpu, MEGABYTE)).toThrowError(
      /are free: close other programs\.$/,
    );
    expect(() => refuseTooLittleMemory(presets.quick, slice, cpu, 4096 * MEGABYTE)).not.toThrow();
    // A GPU halves its batches instead.
    expect(() => refuseTooLittleMemory(presets.published, slice, { backend: 'native-gpu' }, 1)).not.toThrow();
  });
});
