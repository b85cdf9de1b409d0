const told = new Set<string>();

/**
 * For something that tests compare with and that this machine lacks: says so once and gives null, so that the test can be
 * skipped; in CI nothing may be left out, so there it throws.
 */
export function absent(what: string, help: string): null {
  const message = `${what} is not here. ${help}`;
  if (process.env['CI'] === 'true') throw new Error(message);
  if (!told.has(what)) {
    told.add(what);
    console.warn(`\n*** SKIPPING: ${message} ***\n`);
  }
  return null;
}
