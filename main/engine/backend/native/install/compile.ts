import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { ExpectedError } from '../../../../../shared/failure';

/** A TensorFlow library as a compiler needs it. */
export interface LibraryFiles {
  /** Folder with tensorflow/c/c_api.h below it. */
  readonly include: string;
  /** The shared libraries, all in one folder. */
  readonly libraries: readonly string[];
}

/**
 * Read by the compiler before the addon's sources. The addon passes attributes on one by one, so kernels that take lists of
 * strings or types cannot be called through it, the fused convolution among them. Here those two of its attributes become
 * lists: `fused_ops` of the names between commas, `TArgs` of one type.
 */
const ADDON_LISTS = `#include <algorithm>
#include <cstring>
#include <vector>
#include "tensorflow/c/eager/c_api.h"

inline void AscNetSetAttrString(TFE_Op* op, const char* name, const void* value, size_t length) {
  if (std::strcmp(name, "fused_ops") != 0) return TFE_OpSetAttrString(op, name, value, length);
  std::vector<const void*> names;
  std::vector<size_t> lengths;
  const char* end = static_cast<const char*>(value) + length;
  for (const char* from = end - length; from < end;) {
    const char* comma = std::find(from, end, ',');
    names.push_back(from);
    lengths.push_back(comma - from);
    from = comma + 1;
  }
  TFE_OpSetAttrStringList(op, name, names.data(), lengths.data(), static_cast<int>(names.size()));
}
inline void AscNetSetAttrType(TFE_Op* op, const char* name, TF_DataType value) {
  if (std::strcmp(name, "TArgs") != 0) return TFE_OpSetAttrType(op, name, value);
  TFE_OpSetAttrTypeList(op, name, &value, 1);
}
#define TFE_OpSetAttrString AscNetSetAttrString
#define TFE_OpSetAttrType AscNetSetAttrType
`;

/** Names under which the library with the C interface goes: in the wheel, and in the official archive. */
const LIBRARY_NAMES: Readonly<Record<string, readonly (readonly string[])[]>> = {
  linux: [
    ['libtensorflow_cc.so.2', 'libtensorflow_framework.so.2'],
    ['libtensorflow.so.2', 'libtensorflow_framework.so.2'],
  ],
  darwin: [
    ['libtensorflow_cc.2.dylib', 'libtensorflow_framework.2.dylib'],
    ['libtensorflow.2.dylib', 'libtensorflow_framework.2.dylib'],
  ],
};

/** The library in a folder that is an unpacked libtensorflow or Python's tensorflow package; null where it is neither. */
export function libraryFilesIn(folder: string): LibraryFiles | null {
  const include = join(folder, 'include');
  if (!existsSync(join(include, 'tensorflow', 'c', 'c_api.h'))) return null;
  for (const names of LIBRARY_NAMES[process.platform] ?? []) {
    for (const place of [folder, join(folder, 'lib')]) {
      const libraries = names.map((name) => join(place, name));
      if (libraries.every(existsSync)) return { include, libraries };
    }
  }
  return null;
}

/**
 * Compiles the addon of @tensorflow/tfjs-node-gpu against a library.
 * @param rpath where the addon finds the library when it is loaded
 * @throws ExpectedError install-failed where there is no compiler, or it says no
 */
export async function compileAddon(files: LibraryFiles, rpath: string, addon: string): Promise<void> {
  const resolve = createRequire(__filename).resolve;
  const sources = dirname(resolve('@tensorflow/tfjs-node-gpu/package.json'));
  const nodeHeaders = join(dirname(resolve('node-api-headers/package.json')), 'include');
  const listsHeader = `${addon}.h`;
  await writeFile(listsHeader, ADDON_LISTS);
  const args = [
    '-O3',
    '-std=c++17',
    '-fPIC',
    '-shared',
    '-DNAPI_VERSION=8',
    '-include',
    listsHeader,
    `-I${nodeHeaders}`,
    // The sources include napi's helpers of their own package by its name.
    `-I${dirname(sources)}`,
    `-I${files.include}`,
    ...['tfjs_backend.cc', 'tfjs_binding.cc'].map((name) => join(sources, 'binding', name)),
    ...files.libraries,
    `-Wl,-rpath,${rpath}`,
    // Node itself brings what the addon takes from it.
    ...(process.platform === 'darwin' ? ['-undefined', 'dynamic_lookup'] : []),
    '-o',
    addon,
  ];
  try {
    await compileWith(
      [process.env['CXX'], 'c++', 'g++', 'clang++'].filter((name) => name !== undefined),
      args,
    );
  } finally {
    await rm(listsHeader, { force: true });
  }
}

async function compileWith(compilers: readonly string[], args: readonly string[]): Promise<void> {
  for (const compiler of compilers) {
    const result = await run(compiler, args);
    if (result === null) continue;
    if (result.code === 0) return;
    throw new ExpectedError(
      'install-failed',
      `The addon could not be compiled with ${compiler}: its words are in the details (on the command line: --verbose).`,
      result.output.slice(-4000),
    );
  }
  throw new ExpectedError('install-failed', noCompiler());
}

function noCompiler(): string {
  const how =
    process.platform === 'darwin'
      ? 'Install it with: xcode-select --install'
      : 'Install one, for example with: sudo apt install g++';
  return `A C++ compiler is needed to connect TensorFlow with Node, and none was found. ${how}; then run the same again.`;
}

/** Null where the program does not exist. */
function run(command: string, args: readonly string[]): Promise<{ code: number; output: string } | null> {
  return new Promise((resolve) => {
    const child = spawn(command, [...args], { stdio: ['ignore', 'pipe', 'pipe'], windowsHide: true });
    let output = '';
    child.stdout.on('data', (chunk) => (output += String(chunk)));
    child.stderr.on('data', (chunk) => (output += String(chunk)));
    child.on('error', () => resolve(null));
    child.on('close', (code) => resolve({ code: code ?? 1, output }));
  });
}
