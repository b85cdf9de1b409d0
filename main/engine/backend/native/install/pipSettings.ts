import { readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';

/**
 * A setting of pip, found as pip finds it: the environment (PIP_INDEX_URL) before the user's file before the machine's.
 * So a machine whose pip uses a mirror uses it here too, whether Python is installed or not.
 */
export function pipSetting(
  name: 'index-url' | 'cert',
  env: NodeJS.ProcessEnv = process.env,
  files: readonly string[] = pipFiles(env),
): string | null {
  const given = env[`PIP_${name.toUpperCase().replace('-', '_')}`];
  if (given) return given;
  for (const file of files) {
    const value = valueIn(file, name);
    if (value) return value;
  }
  return null;
}

function pipFiles(env: NodeJS.ProcessEnv): string[] {
  const home = homedir();
  const given = env['PIP_CONFIG_FILE'];
  const ofUser =
    process.platform === 'win32'
      ? [join(env['APPDATA'] ?? '', 'pip', 'pip.ini'), join(home, 'pip', 'pip.ini')]
      : [
          ...(process.platform === 'darwin'
            ? [join(home, 'Library', 'Application Support', 'pip', 'pip.conf')]
            : []),
          join(env['XDG_CONFIG_HOME'] ?? join(home, '.config'), 'pip', 'pip.conf'),
          join(home, '.pip', 'pip.conf'),
        ];
  const ofMachine =
    process.platform === 'win32'
      ? [join(env['PROGRAMDATA'] ?? '', 'pip', 'pip.ini')]
      : ['/etc/xdg/pip/pip.conf', '/etc/pip.conf'];
  return [...(given ? [given] : []), ...ofUser, ...ofMachine];
}

/** A value of the [global] section, or of the part before any section. */
function valueIn(file: string, name: string): string | null {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch {
    return null;
  }
  let section = 'global';
  for (const line of text.split(/\r?\n/)) {
    section = /^\s*\[(.+)\]\s*$/.exec(line)?.[1]?.trim() ?? section;
    const match = /^\s*([\w-]+)\s*[=:]\s*(\S+)\s*$/.exec(line);
    if (section === 'global' && match?.[1]?.replace('_', '-') === name) return match[2] as string;
  }
  return null;
}
