import { z } from 'zod';

/** The ways in which a threshold of I_ro is found without any lesion mask. */
export const thresholdMethodSchema = z.enum([
  'valley',
  'reference-quantile',
  'pasted',
  'reference-excess',
  'robust-spread',
  'healthy-ceiling',
]);
export type ThresholdMethod = z.infer<typeof thresholdMethodSchema>;

/** Each as a reader chooses it: a name, and a sentence. */
export const thresholdMethods: Readonly<
  Record<ThresholdMethod, { readonly title: string; readonly about: string }>
> = {
  valley: {
    title: 'Valley',
    about:
      'The lowest point of the histogram of I_ro between the tissue and the lesions: what the published method waits for.',
  },
  'reference-quantile': {
    title: 'Healthy quantile',
    about:
      'The level that one in a thousand of the healthy reference’s brain voxels pass: how much is marked in healthy people is fixed, whatever the scan.',
  },
  pasted: {
    title: 'Pasted lesions',
    about:
      'The level at which a mask is expected to agree best, by how I_ro looks in made-up lesions, pasted into healthy slices that the training held back, and by how much of that the scan shows.',
  },
  'reference-excess': {
    title: 'Excess over healthy',
    about:
      'The level at which a mask is expected to agree best with what the scan has more of than the healthy reference: for heavy loads.',
  },
  'robust-spread': {
    title: 'Outliers of the scan',
    about:
      'Three and a half robust deviations above the scan’s most frequent level: where nothing is known of the training.',
  },
  'healthy-ceiling': {
    title: 'Healthy ceiling',
    about:
      'The level above which the healthy reference holds 0.1 ml in a head of this size: for scans that may hold no lesions.',
  },
};

/** A threshold that one of them found, with how, for the window and reports. */
export const thresholdChoiceSchema = z.object({
  method: thresholdMethodSchema,
  threshold: z.number(),
  reason: z.string(),
});
