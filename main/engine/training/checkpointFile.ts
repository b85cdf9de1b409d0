import { createHash } from 'node:crypto';
import { open, readdir, readFile, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { ExpectedError } from '../../../shared/failure';
import { trainingSettingsSchema, type TrainingSettings } from '../../../shared/study/trainingSettings';
import { writeFileAtomic } from '../../files/atomicWrite';
import { trainingStateSchema, type Checkpoint } from './state';

/** Folder of a run in which its checkpoints lie. */
const FOLDER = 'checkpoints';
const NAME = /^(\d{8})(-good)?\.checkpoint$/;
/** How many of the newest are kept. */
const KEPT = 2;
const MAGIC = Buffer.from('ASCNETCP');
const HASH_BYTES = 32;

/** What a checkpoint must be continued with, and its state. */
const headerSchema = z.strictObject({
  version: z.literal(1),
  software: z.string(),
  settings: trainingSettingsSchema,
  /** SHA-256 of the sets. */
  sets: z.strictObject({ reference: z.string(), input: z.string() }),
  state: trainingStateSchema,
  /** Names and lengths of the arrays, in their order. */
  arrays: z.array(z.strictObject({ name: z.string(), size: z.number().int().nonnegative() })),
});
type Header = z.infer<typeof headerSchema>;
type About = Pick<Header, 'software' | 'settings' | 'sets'>;

export interface StoredCheckpoint extends Checkpoint {
  readonly settings: TrainingSettings;
  readonly sets: Header['sets'];
  /** What was wrong with newer ones that were passed over. */
  readonly passedOver: readonly string[];
}

export interface CheckpointFacts extends Pick<Header, 'settings' | 'state'> {
  readonly savedAt: string;
}

/**
 * The checkpoints of one run. Each is one file, written whole or not at all and closed by a SHA-256 over all before it; the
 * two newest stay, and with them the newest good one: from the end of a cycle after which nothing was wrong.
 */
export class CheckpointStore {
  private readonly folder: string;

  constructor(run: string) {
    this.folder = join(run, FOLDER);
  }

  /** Whether the run has any. */
  async any(): Promise<boolean> {
    return (await this.entries()).length > 0;
  }

  /** @returns the size of the file. @throws ExpectedError file-unwritable */
  async write(checkpoint: Checkpoint, about: About): Promise<{ bytes: number }> {
    const before = await this.entries();
    const number = (before.at(-1)?.number ?? 0) + 1;
    const parts = encode(checkpoint, about);
    const name = `${String(number).padStart(8, '0')}${checkpoint.healthy ? '-good' : ''}.checkpoint`;
    await writeFileAtomic(join(this.folder, name), parts);
    const all = [...before, { number, name, healthy: checkpoint.healthy }];
    const kept = new Set([...all.slice(-KEPT), all.filter((entry) => entry.healthy).at(-1)]);
    for (const entry of before)
      if (!kept.has(entry)) await rm(join(this.folder, entry.name), { force: true });
    return { bytes: parts.reduce((sum, part) => sum + part.length, 0) };
  }

  /**
   * The newest checkpoint that is whole. Clears away what a killed process left half written.
   * @throws ExpectedError run-damaged where there is none
   */
  async newest(): Promise<StoredCheckpoint> {
    const names = await readdir(this.folder).catch(() => []);
    for (const name of names) if (name.endsWith('.part')) await rm(join(this.folder, name), { force: true });
    const entries = await this.entries();
    const passedOver: string[] = [];
    for (const { name, healthy } of [...entries].reverse()) {
      try {
        return { ...decode(await readFile(join(this.folder, name))), healthy, passedOver };
      } catch (error) {
        passedOver.push(
          `The checkpoint ${name} is damaged (${(error as Error).message}); the one before it is taken.`,
        );
      }
    }
    throw new ExpectedError(
      'run-damaged',
      entries.length === 0
        ? 'There is no checkpoint to go on from: choose the folder that --out named when the training began.'
        : 'All checkpoints of this run are damaged; start the training again.',
      passedOver.join('\n'),
    );
  }

  /**
   * What the newest checkpoint says of itself, without its arrays and without holding it against its checksum: for lists.
   * null where there is none that can be read.
   */
  async peek(): Promise<CheckpointFacts | null> {
    for (const { name } of (await this.entries()).reverse()) {
      const path = join(this.folder, name);
      const header = await readHeader(path).catch(() => null);
      if (!header) continue;
      const { settings, state } = header;
      return { settings, state, savedAt: (await stat(path)).mtime.toISOString() };
    }
    return null;
  }

  /** Forgets what is newer than the last good checkpoint, where there is one: what broke down is not gone on from. */
  async dropSinceGood(): Promise<void> {
    const entries = await this.entries();
    const good = entries.map((entry) => entry.healthy).lastIndexOf(true);
    if (good < 0) return;
    for (const { name } of entries.slice(good + 1)) await rm(join(this.folder, name), { force: true });
  }

  /** Oldest first. */
  private async entries(): Promise<{ number: number; name: string; healthy: boolean }[]> {
    const names = await readdir(this.folder).catch(() => []);
    return names
      .flatMap((name) => {
        const match = NAME.exec(name);
        return match ? [{ number: Number(match[1]), name, healthy: match[2] !== undefined }] : [];
      })
      .sort((a, b) => a.number - b.number);
  }
}

/** Magic, length of the JSON header (uint32 little endian), header, float32 arrays, SHA-256. */
function encode({ state, arrays }: Checkpoint, about: About): Uint8Array[] {
  const header: Header = {
    version: 1,
    ...about,
    state,
    arrays: [...arrays].map(([name, values]) => ({ name, size: values.length })),
  };
  const text = Buffer.from(JSON.stringify(header));
  const length = Buffer.alloc(4);
  length.writeUInt32LE(text.length);
  const parts: Uint8Array[] = [
    MAGIC,
    length,
    text,
    ...[...arrays.values()].map(
      (values) => new Uint8Array(values.buffer, values.byteOffset, values.byteLength),
    ),
  ];
  const hash = createHash('sha256');
  for (const part of parts) hash.update(part);
  return [...parts, hash.digest()];
}

/** The JSON at the beginning of a file. @throws Error for what is no checkpoint */
async function readHeader(path: string): Promise<Header> {
  const file = await open(path, 'r');
  try {
    const start = Buffer.alloc(MAGIC.length + 4);
    await file.read(start, 0, start.length, 0);
    const { size } = await file.stat();
    const length = start.readUInt32LE(MAGIC.length);
    if (!start.subarray(0, MAGIC.length).equals(MAGIC) || length > size)
      throw new Error('it is no checkpoint');
    const text = Buffer.alloc(length);
    await file.read(text, 0, length, start.length);
    return headerSchema.parse(JSON.parse(text.toString('utf8')));
  } finally {
    await file.close();
  }
}

/** @throws Error saying what is wrong */
function decode(bytes: Buffer): Omit<StoredCheckpoint, 'passedOver' | 'healthy'> {
  const body = bytes.subarray(0, Math.max(0, bytes.length - HASH_BYTES));
  if (!body.subarray(0, MAGIC.length).equals(MAGIC)) throw new Error('it is no checkpoint');
  if (!createHash('sha256').update(body).digest().equals(bytes.subarray(body.length))) {
    throw new Error('its checksum differs');
  }
  const start = MAGIC.length + 4;
  const end = start + body.readUInt32LE(MAGIC.length);
  const parsed = headerSchema.safeParse(JSON.parse(body.toString('utf8', start, end)));
  if (!parsed.success) throw new Error('it is of another version');
  const { state, settings, sets, arrays } = parsed.data;
  let at = end;
  const values = new Map(
    arrays.map(({ name, size }) => {
      // A copy, because the values need not be aligned in the file.
      const copy = new Float32Array(new Uint8Array(body.subarray(at, at + size * 4)).buffer);
      at += size * 4;
      return [name, copy] as const;
    }),
  );
  return { state, settings, sets, arrays: values };
}
