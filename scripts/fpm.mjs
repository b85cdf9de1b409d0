#!/usr/bin/env node
import { createHash } from 'node:crypto';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { PlainError, run, runAsScript } from './processes.mjs';

/*
 * What electron-builder makes a .deb with is fpm, a Ruby program that it downloads. On a machine that gets no downloads,
 * dpkg-deb does as well: this takes the arguments that electron-builder gives to fpm (its targets/FpmTarget.js) and makes the
 * package with it.
 */

/** Options of fpm that stand alone. */
const flags = new Set(['--force', '--debug']);

/**
 * @typedef {object} Order
 * @property {Map<string, string[]>} options by name with its dashes, in the order given
 * @property {[from: string, to: string][]} files from a file or a folder with a slash at its end, to a place in the package
 */

/**
 * @param {readonly string[]} args of fpm
 * @returns {Order}
 */
export function orderOf(args) {
  /** @type {Order} */
  const order = { options: new Map(), files: [] };
  for (let at = 0; at < args.length; at += 1) {
    const name = /** @type {string} */ (args[at]);
    if (flags.has(name)) continue;
    if (name.startsWith('-')) {
      order.options.set(name, [...(order.options.get(name) ?? []), args[(at += 1)] ?? '']);
      continue;
    }
    const split = name.lastIndexOf('=');
    if (split < 0) throw new PlainError(`fpm.mjs: what is to be packed where? ${name}`);
    order.files.push([name.slice(0, split), name.slice(split + 1)]);
  }
  return order;
}

/**
 * The control file of a package: Debian policy, chapter 5.
 *
 * @param {Order} order
 * @param {number} bytes of all files in it
 * @returns {string}
 */
export function controlOf({ options }, bytes) {
  const one = (/** @type {string} */ name) => options.get(name)?.[0] ?? '';
  const all = (/** @type {string} */ name) => options.get(name)?.join(', ') ?? '';
  const [synopsis = '', ...rest] = one('--description').split('\n');
  const fields = {
    Package: one('--name'),
    Version: one('--version'),
    Architecture: one('--architecture'),
    Maintainer: one('--maintainer'),
    'Installed-Size': String(Math.ceil(bytes / 1024)),
    Depends: all('-d'),
    Recommends: all('--deb-recommends'),
    Section: one('--category') || 'default',
    Priority: one('--deb-priority'),
    Homepage: one('--url'),
    // A line of its own for each paragraph's line; an empty one would end the field.
    Description: [synopsis, ...rest.map((line) => ` ${line.trim() || '.'}`)].join('\n'),
  };
  return Object.entries(fields)
    .filter(([, value]) => value !== '')
    .map(([name, value]) => `${name}: ${value}\n`)
    .join('');
}

/**
 * @param {string} folder
 * @returns {string[]} files below it, links among them, relative, with slashes, sorted
 */
function filesBelow(folder) {
  return fs
    .readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => !entry.isDirectory())
    .map((entry) => path.relative(folder, path.join(entry.parentPath, entry.name)).replaceAll('\\', '/'))
    .sort();
}

/**
 * @param {Order} order
 * @returns {Promise<void>}
 * @throws PlainError dpkg-deb's own words
 */
async function makeDeb(order) {
  const { options, files } = order;
  const one = (/** @type {string} */ name) => options.get(name)?.[0] ?? '';
  if (one('-t') !== 'deb') throw new PlainError(`fpm.mjs makes .deb alone, and not .${one('-t')}.`);
  const tree = fs.mkdtempSync(path.join(os.tmpdir(), 'asc-net-deb-'));
  try {
    // mkdtemp makes it its maker's alone, and it becomes the root of what is installed.
    fs.chmodSync(tree, 0o755);
    for (const [from, to] of files) {
      const target = path.join(tree, to);
      fs.mkdirSync(path.dirname(target), { recursive: true });
      fs.cpSync(from, target, { recursive: true, verbatimSymlinks: true, preserveTimestamps: true });
      // What electron-builder wrote for the package alone is as closed as its temporary folder.
      if (fs.statSync(target).isFile()) fs.chmodSync(target, 0o644);
    }
    const packed = filesBelow(tree).filter((file) => !fs.lstatSync(path.join(tree, file)).isSymbolicLink());
    const md5 = (/** @type {string} */ file) =>
      createHash('md5')
        .update(fs.readFileSync(path.join(tree, file)))
        .digest('hex');
    const sums = packed.map((file) => `${md5(file)}  ${file}\n`);
    const bytes = packed.reduce((sum, file) => sum + fs.statSync(path.join(tree, file)).size, 0);

    const control = path.join(tree, 'DEBIAN');
    fs.mkdirSync(control);
    fs.writeFileSync(path.join(control, 'control'), controlOf(order, bytes));
    fs.writeFileSync(path.join(control, 'md5sums'), sums.join(''));
    for (const [option, name] of /** @type {const} */ ([
      ['--after-install', 'postinst'],
      ['--after-remove', 'postrm'],
    ])) {
      fs.copyFileSync(one(option), path.join(control, name));
      fs.chmodSync(path.join(control, name), 0o755);
    }
    const { code, output } = await run(
      'dpkg-deb',
      ['--root-owner-group', `-Z${one('--deb-compression') || 'xz'}`, '--build', tree, one('--package')],
      { quiet: true },
    );
    if (code !== 0) throw new PlainError(`dpkg-deb made no package:\n${output}`);
  } finally {
    fs.rmSync(tree, { recursive: true, force: true });
  }
}

await runAsScript(import.meta.url, () => makeDeb(orderOf(process.argv.slice(2))));
