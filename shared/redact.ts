/**
 * What may stand in a log or a report of a problem: no path, no name of a file that may be a person's. It rather takes too
 * much away than too little: a path ends where a quote or a bracket or the line does, for folders have spaces in their names.
 */

const ending = '(?:nii|hdr|img|dcm|ima|npy|mgz|h5|hdf5|zip)(?:\\.gz)?';
/** An absolute path of any system, or a file: address, after whatever cannot be part of a word. */
const paths = /(^|[\s'"`(=,:[>])(?:file:\/\/|\/(?=[^\s/])|[A-Za-z]:[\\/]|\\\\(?=\w))[^'"`)\]\n]*/g;
/** A scan's own name, with all that stands before it in the sentence. */
const files = new RegExp(`[^\\n'"\`:;(/\\\\]*\\.(${ending})\\b`, 'gi');
/** Where a stack says which line of our own code it was. */
const position = /^[^\n'"`)\]]*?((?:out|main|renderer)[\\/][\w./\\-]+\.(?:cjs|mjs|js|ts)(?::\d+){0,2})$/;

/** @param names that are known to be somebody's: of open files, of the study, of the user; short ones are left out */
export function redact(text: string, names: readonly string[] = []): string {
  const known = [...new Set(names)].filter((name) => name.length > 2).sort((a, b) => b.length - a.length);
  const without = known.reduce((left, name) => left.replaceAll(name, '<name>'), text);
  return without
    .replaceAll(paths, (found: string, before: string) => {
      const own = position.exec(found.slice(before.length))?.[1];
      return `${before}${own === undefined ? '<path>' : `<app>/${own.replaceAll('\\', '/')}`}`;
    })
    .replaceAll(files, (_found, kind: string) => `<file>.${kind}`);
}
