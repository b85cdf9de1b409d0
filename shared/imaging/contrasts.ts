import { z } from 'zod';

/** Scans beside the FLAIR, on its grid, that can be further channels. */
export const contrastSchema = z.enum(['T1', 'T2']);
export type Contrast = z.infer<typeof contrastSchema>;
/** A value for each contrast, such as its file. */
export type OfContrasts<Value> = Partial<Readonly<Record<Contrast, Value>>>;

/** Values for contrasts, each as `value` says. */
export const ofContrasts = <Value extends z.ZodType>(value: Value) => z.partialRecord(contrastSchema, value);

/** The same for each contrast that has a value; undefined leaves it out. */
export function mapContrasts<From, To>(
  values: OfContrasts<From>,
  change: (value: From) => To | undefined,
): OfContrasts<To> {
  const changed: Partial<Record<Contrast, To>> = {};
  for (const name of contrastSchema.options) {
    const value = values[name];
    const to = value === undefined ? undefined : change(value);
    if (to !== undefined) changed[name] = to;
  }
  return changed;
}

/** Opens the files of the contrasts that are wanted, as far as they are there, one after the other. @throws what opening throws */
export async function openContrasts<File, Opened>(
  files: OfContrasts<File>,
  wanted: readonly Contrast[],
  open: (file: File) => Promise<Opened>,
): Promise<OfContrasts<Opened>> {
  const opened: Partial<Record<Contrast, Opened>> = {};
  for (const name of wanted) {
    const file = files[name];
    if (file !== undefined) opened[name] = await open(file);
  }
  return opened;
}
