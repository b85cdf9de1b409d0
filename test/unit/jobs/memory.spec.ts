import { describe, expect, it } from 'vitest';
import { refuseTooLittleMemory } from '../../../main/engine/jobs/memory';
import { trainingBytes, whatFits } from '../../../shared/study/memory';
import { presets } from '../../../shared/study/trainingSettings';

const MEGABYTE = 2 ** 20;
const cpu = { backend: 'wasm' } as const;
const slice = { height: 160, width: 160 };
const sizes = { ...presets.published, discriminatorBatch: 4 };

describe('the memory that a training takes', () => {
  // Peaks of whole processes on WebAssembly (VmHWM), preset published, stage 2, both batches alike, one epoch.
  it.each([
    [1, 4, 160, 234],
    [2, 4, 160, 269],
    [4, 4, 160, 367],
    [8, 4, 160, 584],
    [4, 8, 160, 576],
    [4, 16, 160, 996],
    [4, 4, 320, 1034],
  ])('is near what was measured: width %i, batch %i, side %i', (baseWidth, batch, side, measured) => {
    const told =
      trainingBytes(
        { ...sizes, baseWidth, generatorBatch: batch, discriminatorBatch: batch },
        { height: side, width: side },
      ) / MEGABYTE;
    expect(told / measured).toBeGreaterThan(0.85);
    expect(told / measured).toBeLessThan(1.15);
  });

  it('counts pasted slices, and crops by their own size', () => {
    const flair = presets['ms-flair'];
    expect(trainingBytes({ ...flair, pastedBatch: 0 }, slice)).toBeLessThan(trainingBytes(flair, slice));
    expect(trainingBytes({ ...flair, cropPixels: null }, slice)).toBeGreaterThan(
      2 * trainingBytes(flair, slice),
    );
  });

  it('says what would fit, and that really does', () => {
    const room = 1500 * MEGABYTE;
    const { batches, width } = whatFits(presets.published, slice, room);
    expect(trainingBytes({ ...presets.published, ...batches }, slice)).toBeLessThanOrEqual(room);
    expect(trainingBytes({ ...presets.published, baseWidth: width as number }, slice)).toBeLessThanOrEqual(
      room,
    );
    // And no more than that does.
    expect(trainingBytes({ ...presets.published, baseWidth: (width as number) + 1 }, slice)).toBeGreaterThan(
      room,
    );
    expect(whatFits(presets.published, slice, MEGABYTE)).toEqual({ batches: null, width: null });
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
