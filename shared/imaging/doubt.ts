import { z } from 'zod';

/** What can be wrong with a mask, in words. */
export const doubtSchema = z.object({
  kind: z.enum(['skull', 'intensities', 'iro', 'levels', 'split', 'methods', 'no-lesions', 'preparation']),
  message: z.string(),
});
export type Doubt = z.infer<typeof doubtSchema>;

/** Whether further training on healthy slices of the scan itself may help. */
export function adaptationHelps(doubts: readonly Pick<Doubt, 'kind'>[]): boolean {
  return doubts.some(({ kind }) => kind === 'levels' || kind === 'intensities' || kind === 'iro');
}

export const adaptationAdvice =
  'What helps is to adapt the network to this scan: declare about ten of its slices healthy, spread over its whole height, and train on for a minute or so (in the window "Adapt to this scan", on the command line asc-net adapt).';
