import { readFileSync } from 'node:fs';
import { readVolumeFile } from '../../main/files/readVolume';

/*
 * One reading of the bench, in a process of its own: prints { ms, peakBytes, sum }. The peak is what the reading added at most
 * to the memory that the process held before it.
 */

const path = process.argv[2];
if (path === undefined) throw new Error('usage: readVolume FILE');
/** The most that the process has held. Linux hands getrusage's figure on from the parent, this one begins with the program. */
function peakBytes(): number {
  if (process.platform !== 'linux') return process.resourceUsage().maxRSS * 1024;
  return Number(/VmHWM:\s+(\d+) kB/.exec(readFileSync('/proc/self/status', 'utf8'))?.[1]) * 1024;
}
const before = process.memoryUsage.rss();
const startMs = performance.now();
const { data } = await readVolumeFile(path);
const ms = performance.now() - startMs;
const used = peakBytes() - before;
let sum = 0;
for (let i = 0; i < data.length; i += 1) sum += data[i] as number;
process.stdout.write(JSON.stringify({ ms, peakBytes: used, sum }));
