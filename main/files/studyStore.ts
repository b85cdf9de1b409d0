import { cp, readdir, readFile, rm, stat } from 'node:fs/promises';
import { existsSync, readFileSync, statSync } from 'node:fs';
import path from 'node:path';
import { ExpectedError } from '../../shared/failure';
import type { FileToken } from '../../shared/ipc/contract';
import { absentees, studyOfBatch } from '../../shared/cohort/batchStudy';
import { readStudyFile } from '../../shared/study/migrations';
import { studyVersion, withFiles, type PathRef, type StudyOf } from '../../shared/study/studyFile';
import { sameFile, type FoundFile } from '../../shared/study/scanNames';
import { batchFolder, readRecords } from '../engine/jobs/batch/records';
import { writeFileAtomic } from './atomicWrite';
import type { StudyFolder } from './studyFolder';
import type { TokenKind, FileTokens } from './tokens';

/** The open study as the window sees it. */
export interface OpenStudy {
  readonly study: StudyOf<FileToken> | null;
  /** Names of scans that are not where they were. */
  readonly missing: string[];
  readonly savedAt: string | null;
  readonly isNamed: boolean;
  /** Sentences about it that are told once. */
  readonly news: string[];
}

const empty: OpenStudy = { study: null, missing: [], savedAt: null, isNamed: false, news: [] };

/** How deep below a folder a missing scan is looked for. */
const searchDepth = 4;

/**
 * The study file: read into tokens, written from tokens. Which study was open last is remembered, so that the window comes
 * back to it after any end of the program.
 */
export class StudyStore {
  readonly #folder: StudyFolder;
  readonly #tokens: FileTokens;
  readonly #lastFile: string;
  /** Scans that were not found: they stay in the file until they are. */
  #missing: StudyOf<PathRef>['scans'] = [];
  #writing: Promise<unknown> = Promise.resolve();
  readonly #news: string[] = [];

  constructor(folder: StudyFolder, tokens: FileTokens, userData: string) {
    this.#folder = folder;
    this.#tokens = tokens;
    this.#lastFile = path.join(userData, 'last-study.json');
    const last = this.#readLast();
    if (last && existsSync(path.join(last, 'study.json'))) folder.moveTo(last);
  }

  /** The open study. @throws ExpectedError where its file cannot be read; the file is left as it is. */
  async current(): Promise<OpenStudy> {
    const text = await readFile(this.#folder.file, 'utf8').catch(() => null);
    this.#missing = [];
    if (text === null) return { ...empty, isNamed: this.#folder.isNamed };
    const { study, savedAt } = readStudyFile(text);
    const there: StudyOf<PathRef>['scans'] = [];
    for (const scan of study.scans) {
      (existsSync(this.#resolve(scan.file)) ? there : this.#missing).push(scan);
    }
    const selected = study.selected === null ? null : study.scans[study.selected];
    const at = selected ? there.indexOf(selected) : -1;
    const found = { ...study, scans: there, selected: at < 0 ? null : at };
    return {
      study: withFiles<PathRef, FileToken>(
        found,
        (file) => this.#adopt(file, 'file'),
        (file, kind) => (existsSync(this.#resolve(file)) ? this.#adopt(file, kind) : undefined),
      ),
      missing: this.#missing.map(({ file }) => file.name ?? path.basename(file.path)),
      savedAt,
      isNamed: this.#folder.isNamed,
      news: this.#news.splice(0),
    };
  }

  /**
   * Writes the study, whole or not at all, one write after the other; what it held before becomes the backup beside it.
   * @throws ExpectedError file-unwritable
   */
  save(study: StudyOf<FileToken>): Promise<string> {
    const write = this.#writing.catch(() => undefined).then(() => this.#write(study));
    this.#writing = write;
    return write;
  }

  /** Goes on in a copy of the study's folder. @throws ExpectedError where it cannot be made; nothing is left of it then. */
  async saveAs(folder: string): Promise<void> {
    const from = this.#folder.path;
    const inside = path.relative(from, folder);
    if (existsSync(folder) && (await readdir(folder)).length > 0)
      throw new ExpectedError(
        'file-exists',
        `The folder ${path.basename(folder)} is not empty: choose a new one.`,
      );
    if (inside === '' || !inside.startsWith('..'))
      throw new ExpectedError('file-exists', 'That lies within the study itself: choose another folder.');
    try {
      if (existsSync(from)) await cp(from, folder, { recursive: true });
    } catch (error) {
      await rm(folder, { recursive: true, force: true });
      throw new ExpectedError(
        'file-unwritable',
        `The study cannot be saved there (${(error as Error).message}): choose another folder.`,
      );
    }
    this.#tokens.move(from, folder);
    this.#folder.moveTo(folder);
    await this.#remember();
  }

  /** Goes on with the study in a folder, or with the review of a batch's results. @throws ExpectedError where there is none that can be read */
  async open(folder: string): Promise<void> {
    const text = await readFile(path.join(folder, 'study.json'), 'utf8').catch(() => null);
    if (text === null) {
      if (existsSync(batchFolder(folder))) return this.#openBatch(folder);
      throw new ExpectedError(
        'file-missing',
        `There is no study in ${path.basename(folder)}: choose the folder that holds a study.json, or that a batch wrote into.`,
      );
    }
    readStudyFile(text);
    this.#folder.moveTo(folder);
    await this.#remember();
  }

  /**
   * Goes on with the review of a batch's results, or begins it: in a study of this reader's own, so that the results stay as
   * they are and several readers do not meet.
   * @throws ExpectedError empty-set where the batch has done nothing yet, study-damaged
   */
  async #openBatch(outDir: string): Promise<void> {
    const records = await readRecords(outDir);
    if (!records.some(({ state }) => state === 'done'))
      throw new ExpectedError(
        'empty-set',
        `The batch in ${path.basename(outDir)} has segmented nothing yet.`,
      );
    this.#folder.moveTo(this.#folder.ofBatch(outDir));
    const text = await readFile(this.#folder.file, 'utf8').catch(() => null);
    const before = text === null ? null : readStudyFile(text).study;
    const ref = (file: string): PathRef => ({
      path: this.#relative(file),
      sizeBytes: existsSync(file) ? statSync(file).size : 0,
    });
    const study = studyOfBatch(
      records,
      {
        name: path.basename(outDir),
        source: ref,
        result: (file) => ref(path.join(outDir, ...file.split('/'))),
      },
      before,
    );
    await this.#put({
      format: 'asc-net-study',
      version: studyVersion,
      savedAt: new Date().toISOString(),
      study,
    });
    this.#news.push(...absentees(records));
    await this.#remember();
  }

  /** Begins a new study. */
  async startNew(): Promise<void> {
    this.#folder.moveTo(null);
    await this.#remember();
  }

  /**
   * Looks for the missing scans below a folder, and with each for its truth and its brain mask: by name, size and folders,
   * so that of many files of one name no other patient's is taken.
   * @returns how many were found.
   */
  async locate(folder: string): Promise<number> {
    const text = await readFile(this.#folder.file, 'utf8');
    const file = readStudyFile(text);
    const wanted = this.#missing.flatMap(({ file: own, truth, brain }) =>
      [own, truth, brain].flatMap((ref) => (ref ? [path.posix.basename(ref.path)] : [])),
    );
    const found = await filesBelow(folder, new Set(wanted), searchDepth);
    const taken = new Set(file.study.scans.map((scan) => this.#resolve(scan.file)));
    const find = (ref: PathRef, free: boolean): PathRef | null => {
      if (existsSync(this.#resolve(ref))) return ref;
      const likely = found.filter((entry) => !free || !taken.has(entry.path));
      const at = sameFile({ parts: ref.path.split('/'), sizeBytes: ref.sizeBytes }, likely);
      return at === null ? null : { ...ref, path: this.#relative((likely[at] as FoundPath).path) };
    };
    let count = 0;
    const scans = file.study.scans.map((scan) => {
      if (existsSync(this.#resolve(scan.file))) return scan;
      const elsewhere = find(scan.file, true);
      if (elsewhere === null) return scan;
      count += 1;
      taken.add(this.#resolve(elsewhere));
      const beside = (ref: PathRef | null): PathRef | null => ref && (find(ref, false) ?? ref);
      return { ...scan, file: elsewhere, truth: beside(scan.truth), brain: beside(scan.brain) };
    });
    if (count > 0) await this.#put({ ...file, study: { ...file.study, scans } });
    return count;
  }

  async #write(study: StudyOf<FileToken>): Promise<string> {
    const savedAt = new Date().toISOString();
    const onDisk = withFiles<FileToken, PathRef>(
      study,
      ({ token, sizeBytes, name }) => {
        const scan = this.#tokens.pathOf(token, 'file');
        const own = name === path.basename(scan) ? {} : { name };
        return { path: this.#relative(scan), sizeBytes, ...own };
      },
      ({ token, sizeBytes }, kind) => ({
        path: this.#relative(this.#tokens.pathOf(token, kind)),
        sizeBytes,
      }),
    );
    const scans = [...onDisk.scans, ...this.#missing];
    await this.#put({
      format: 'asc-net-study',
      version: studyVersion,
      savedAt,
      study: { ...onDisk, scans },
    });
    await this.#remember();
    return savedAt;
  }

  async #put(file: unknown): Promise<void> {
    const { file: target, backup, marker } = this.#folder;
    // Whole or not at all as well: on a full disk the older backup is worth more than half of a newer one.
    const before = await readFile(target).catch(() => null);
    if (before) await writeFileAtomic(backup, before).catch(() => undefined);
    await writeFileAtomic(target, `${JSON.stringify(file)}\n`);
    if (!existsSync(marker))
      await writeFileAtomic(marker, 'Open this file with ASC-Net to open the study.\n');
  }

  #resolve(file: PathRef): string {
    return path.resolve(this.#folder.path, file.path);
  }

  #relative(file: string): string {
    return path.relative(this.#folder.path, file).split(path.sep).join('/');
  }

  #adopt(file: PathRef, kind: TokenKind): FileToken {
    const resolved = this.#resolve(file);
    // A run lies in the folder of its training, whose number is its name.
    return kind === 'run'
      ? this.#tokens.adopt(resolved, kind, 0, path.basename(path.dirname(resolved)))
      : this.#tokens.adopt(resolved, kind, statSync(resolved).size, file.name);
  }

  #readLast(): string | null {
    try {
      const { folder } = JSON.parse(readFileSync(this.#lastFile, 'utf8')) as { folder?: unknown };
      return typeof folder === 'string' ? folder : null;
    } catch {
      return null;
    }
  }

  async #remember(): Promise<void> {
    if (this.#readLast() !== this.#folder.path)
      await writeFileAtomic(this.#lastFile, JSON.stringify({ folder: this.#folder.path }));
  }
}

interface FoundPath extends FoundFile {
  readonly path: string;
}

/** The files of the wanted names below a folder. Folders that cannot be read are passed over. */
async function filesBelow(folder: string, wanted: ReadonlySet<string>, depth: number): Promise<FoundPath[]> {
  const found: FoundPath[] = [];
  for (const name of await readdir(folder).catch(() => [] as string[])) {
    const file = path.join(folder, name);
    const facts = await stat(file).catch(() => null);
    if (facts?.isFile() && wanted.has(name))
      found.push({ path: file, parts: file.split(path.sep), sizeBytes: facts.size });
    if (facts?.isDirectory() && depth > 1) found.push(...(await filesBelow(file, wanted, depth - 1)));
  }
  return found;
}
