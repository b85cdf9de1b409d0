import { createHash } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { lastLines, PlainError, run } from './processes.mjs';

/**
 * Fetches a package from the npm registry without installing it, checks its sum, and unpacks it.
 *
 * @param {{ spec: string, integrity: string }} what e.g. name@1.2.3, and its sum as npm writes it: sha512-BASE64
 * @param {string} work an empty folder for it
 * @returns {Promise<string>} the folder of the package, below `work`
 */
export async function unpackFromRegistry({ spec, integrity }, work) {
  const pack = await run(
    'npm',
    ['pack', spec, '--pack-destination', work, '--ignore-scripts', '--loglevel=error'],
    { cwd: work, quiet: true },
  );
  const archive = fs.readdirSync(work).find((name) => name.endsWith('.tgz'));
  if (pack.code !== 0 || !archive)
    throw new PlainError(`${spec} could not be fetched from the npm registry:\n${lastLines(pack.output)}`);
  await checkIntegrity(path.join(work, archive), integrity);
  const tar = await run('tar', ['-xzf', archive], { cwd: work, quiet: true });
  if (tar.code !== 0) throw new PlainError(`The archive could not be unpacked:\n${lastLines(tar.output)}`);
  fs.rmSync(path.join(work, archive));
  return path.join(work, 'package');
}

/**
 * @param {string} file
 * @param {string} integrity
 */
async function checkIntegrity(file, integrity) {
  const hash = createHash('sha512');
  for await (const chunk of fs.createReadStream(file)) hash.update(chunk);
  if (`sha512-${hash.digest('base64')}` !== integrity)
    throw new PlainError(
      `${path.basename(file)} is not what it should be: its checksum differs. It was deleted.`,
    );
}
