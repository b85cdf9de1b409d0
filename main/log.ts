import { existsSync, readdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import path from 'node:path';
import electronLog from 'electron-log/node';
import { redact } from '../shared/redact';

/** What happens in the program, in a few files that never grow beyond a few megabytes. */
export interface Log {
  /** @param line without the time, which is added; paths and known names are taken out */
  (line: string): void;
  /** The files so far, the newest first. */
  read(): { name: string; text: string }[];
}

export interface LogOptions {
  readonly folder: string;
  /** Names that must not stand in it: of open files, of the study, of the user. */
  readonly names: () => readonly string[];
  /** Whether each line goes to the terminal too. */
  readonly toTerminal: boolean;
  readonly mostBytes?: number;
}

const NAME = 'asc-net.log';
/** Files before the one that is written. */
const KEPT = 3;
const MOST_BYTES = 1 << 20;

const older = (folder: string, number: number): string => path.join(folder, `asc-net.${number}.log`);

export function createLog({ folder, names, toTerminal, mostBytes = MOST_BYTES }: LogOptions): Log {
  const logger = electronLog.create({ logId: folder });
  const { file, console: terminal } = logger.transports;
  file.resolvePathFn = () => path.join(folder, NAME);
  file.maxSize = mostBytes;
  file.format = ({ data, message }) => [`${message.date.toISOString()} ${data.join(' ')}`];
  file.archiveLogFn = () => rotate(folder);
  terminal.level = toTerminal ? 'info' : false;
  terminal.format = ({ data }) => [`[asc-net] ${data.join(' ')}`];
  const write = (line: string): void => {
    logger.info(redact(line, names()));
  };
  return Object.assign(write, { read: () => read(folder) });
}

/** 2 becomes 3, 1 becomes 2, the one that is full becomes 1. */
function rotate(folder: string): void {
  rmSync(older(folder, KEPT), { force: true });
  for (let number = KEPT - 1; number > 0; number -= 1)
    if (existsSync(older(folder, number))) renameSync(older(folder, number), older(folder, number + 1));
  renameSync(path.join(folder, NAME), older(folder, 1));
}

function read(folder: string): { name: string; text: string }[] {
  const found = existsSync(folder) ? readdirSync(folder) : [];
  return [NAME, ...Array.from({ length: KEPT }, (_, i) => path.basename(older(folder, i + 1)))]
    .filter((name) => found.includes(name))
    .map((name) => ({ name, text: readFileSync(path.join(folder, name), 'utf8') }));
}
