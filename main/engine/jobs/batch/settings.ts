import { createHash } from 'node:crypto';
import { z } from 'zod';
import { thresholdMethodSchema } from '../../../../shared/imaging/thresholdMethods';
import { defaultRules, lesionRulesSchema } from '../../../../shared/lesions/lesionMask';
import type { VolumeOptions } from '../volumeOptions';
import { hashFile } from '../../../files/hashFile';
import { VERSION } from '../../../version';
import type { BatchItem } from './items';

/** What a whole batch is made with. */
export const batchSettingsSchema = z.strictObject({
  /** Absolute path of a run or a Keras file; null for the intensity baseline. */
  model: z.string().nullable(),
  /** A level for all scans, or the way in which it is found for each; null chooses the way too. */
  threshold: z.union([z.number(), thresholdMethodSchema]).nullable(),
  /** What counts as a lesion, where it is not as usual. */
  rules: lesionRulesSchema.partial().default({}),
  /** Samples of the network that tell how far I_ro strays. */
  samples: z.number().int().min(0).default(0),
  backend: z.enum(['auto', 'native', 'wasm']),
  volume: z.strictObject({
    volumeIndex: z.number().optional(),
    npyLayout: z.enum(['stack', 'volume']).optional(),
    series: z.number().optional(),
    plane: z.enum(['axial', 'coronal', 'sagittal']).optional(),
    pixelMm: z.number().nullable().optional(),
    resampleMasks: z.boolean().optional(),
  }) satisfies z.ZodType<VolumeOptions>,
});
export type BatchSettings = z.infer<typeof batchSettingsSchema>;

/** Moves with what a batch writes for the same input, so that older results are made anew. */
const OUTPUT_VERSION = 2;

export interface Fingerprint {
  readonly fingerprint: string;
  readonly sourceSha256: string;
}

/**
 * What a scan's results depend on, as one SHA-256: the bytes of the scan and of its brain mask, the model's weights, the
 * settings, the names, and the version of this program. Where it was computed (the backend, the machine) is no part of it.
 * @throws Error of the file system where the scan cannot be read
 */
export async function fingerprintOf(
  item: BatchItem,
  settings: BatchSettings,
  modelSha256: string | null,
): Promise<Fingerprint> {
  const sourceSha256 = await hashFile(item.source);
  const all = {
    output: OUTPUT_VERSION,
    software: VERSION,
    source: sourceSha256,
    brain: item.brainMask === null ? null : await hashFile(item.brainMask),
    model: modelSha256,
    threshold: settings.threshold,
    rules: { ...defaultRules, ...settings.rules },
    samples: settings.samples,
    volume: Object.entries(settings.volume)
      .filter(([, value]) => value !== undefined)
      .sort(),
    names: item.names,
  };
  return { fingerprint: createHash('sha256').update(JSON.stringify(all)).digest('hex'), sourceSha256 };
}
