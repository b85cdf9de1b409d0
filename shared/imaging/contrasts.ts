import { z } from 'zod';

/** Scans beside the FLAIR, on its grid, that can be further channels. */
export const contrastSchema = z.enum(['T1', 'T2']);
export type Contrast = z.infer<typeof contrastSchema>;
/** A value for each contrast, such as its file. */
export type OfContrasts<Value> = Partial<Readonly<Record<Contrast, Value>>>;

/** Values for contrasts, each as `value` says. */
export const ofContrasts = <Value extends z.ZodType>(value: Value) => z.partialRecord(contrastSchema, value);
