import { z } from 'zod';

/** The pages of the user guide, in their order; each is a Markdown file in docs/guide/. */
export const guidePages = [
  'index',
  'first-study',
  'window',
  'settings',
  'data',
  'reference',
  'histogram',
  'limits',
  'keyboard',
  'command-line',
  'cluster',
  'troubleshooting',
  'not-a-medical-device',
] as const;

export const guidePageSchema = z.enum(guidePages);
export type GuidePage = z.infer<typeof guidePageSchema>;
