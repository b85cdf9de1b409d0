import { succeeds } from './processes.mjs';

/** Brings up loopback in a network namespace of its own, then becomes the command. */
const inNamespace = ['unshare', '--net', 'sh', '-c', 'ip link set lo up && exec "$@"', 'sh'];

/**
 * The command in a network namespace that holds nothing but loopback, where this machine lets us make one (Linux, as root):
 * what needs a network fails there, and the kernel counts who tries (test/helpers/network.ts).
 *
 * @param {readonly string[]} command
 * @returns {string[]}
 */
export function offline(command) {
  const [program, ...args] = inNamespace;
  const can = process.platform === 'linux' && succeeds(/** @type {string} */ (program), [...args, 'true']);
  if (!can)
    console.log('    No network namespace can be made here: attempts to leave this machine are not counted.');
  return can ? [...inNamespace, ...command] : [...command];
}
