import { readVolumeFile } from '../../main/files/readVolume';

/*
 * One reading of the bench, in a process of its own: prints { ms, peakBytes, sum }. The peak is what the reading added to
 * the most memory that the process had held until then.
 */

const path = process.argv[2];
if (path === undefined) throw new Error('usage: readVolume FILE');
const peakBytes = (): number => process.resourceUsage().maxRSS * 1024;
const before = peakBytes();
const startMs = performance.now();
const { data } = await readVolumeFile(path);
const ms = performance.now() - startMs;
const used = peakBytes() - before;
let sum = 0;
for (let i = 0; i < data.length; i += 1) sum += data[i] as number;
process.stdout.write(JSON.stringify({ ms, peakBytes: used, sum }));
