import { readFileSync } from 'node:fs';
import { connect } from 'node:net';

/**
 * How often the kernel has found no way to an IPv4 address, for any process of this network namespace: each attempt to reach
 * another machine counts, also a look-up of a name. IPv6 is left out: Chromium asks the kernel there once, when it starts,
 * whether it has a route, and sends nothing. Null where there is a network (attempts would go through uncounted), or no such
 * kernel. `npm test` gives the end-to-end tests a namespace without one (scripts/offline.mjs).
 */
export function attemptsToLeave(): number | null {
  if (process.platform !== 'linux') return null;
  // Anything but the heading is a way out.
  if (readFileSync('/proc/net/route', 'utf8').trim().split('\n').length > 1) return null;
  const [names = [], values = []] = readFileSync('/proc/net/snmp', 'utf8')
    .split('\n')
    .filter((line) => line.startsWith('Ip:'))
    .map((line) => line.split(' '));
  return Number(values[names.indexOf('OutNoRoutes')]);
}

/** Tries to reach an address that no one has (RFC 5737): what counts attempts must count this one. */
export function tryToLeave(): Promise<void> {
  return new Promise((resolve) => {
    connect(9, '192.0.2.1').once('error', () => resolve());
  });
}
