import type { Ref } from 'vue';

/** What is known of each scan, by the scan's token. */
export type ByScan<T> = Readonly<Record<string, T>>;

/** Takes what is known of a scan out of a record. @returns what puts it back. */
export function takeOut<T>(record: Ref<ByScan<T>>, token: string): () => void {
  const { [token]: taken, ...others } = record.value;
  record.value = others;
  return () => {
    if (taken !== undefined) record.value = { ...record.value, [token]: taken };
  };
}
