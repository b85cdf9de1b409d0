import { z } from 'zod';

/**
 * The engine tries a library in another process before it loads it, and only main can start one: the app's executable is no
 * Node that the engine could start. What the two say to each other about it, beside requests and events.
 */
export const probeAskedSchema = z.strictObject({
  type: z.literal('probeAsked'),
  id: z.string(),
  addon: z.string(),
  env: z.record(z.string(), z.string()),
  timeoutMs: z.number(),
});
export type ProbeAsked = z.infer<typeof probeAskedSchema>;

export const probeAnsweredSchema = z.strictObject({
  type: z.literal('probeAnswered'),
  id: z.string(),
  code: z.number().nullable(),
  signal: z.custom<NodeJS.Signals>((value) => typeof value === 'string').nullable(),
  out: z.string(),
  err: z.string(),
});
export type ProbeAnswered = z.infer<typeof probeAnsweredSchema>;
