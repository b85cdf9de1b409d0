import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { builtinModules } from 'node:module';
import { relative, resolve } from 'node:path';
import vue from '@vitejs/plugin-vue';
import { defineConfig } from 'electron-vite';
import type { Plugin } from 'vite';
import vuetify from 'vite-plugin-vuetify';

/**
 * Programs that run in Node share one build: Electron's main process, the engine and the
 * probe that it forks, the command line, and the
 * threads of its batches. They are CommonJS so that Electron 33 to 45 and plain Node load them alike; packages that are ESM only are
 * bundled, packages with native parts or files of their own stay real requires.
 */
const nodeEntries = {
  index: 'main/index.ts',
  engine: 'main/engine/process.ts',
  probe: 'main/engine/backend/native/probeProcess.ts',
  cli: 'main/cli/index.ts',
  scanWorker: 'main/engine/jobs/batch/scanWorker.ts',
};

const nodeInputs = Object.fromEntries(
  Object.entries(nodeEntries)
    .map(([name, file]) => [name, resolve(import.meta.dirname, file)] as const)
    .filter(([, file]) => existsSync(file)),
);

/**
 * Writes which packages a bundle has taken in to out/bundled/NAME.json: what the licence notices and the list of parts of
 * the packaged app are made from (scripts/thirdParty.mjs).
 */
function recordPackages(name: string): Plugin {
  const folders = new Set<string>();
  return {
    name: 'record-packages',
    generateBundle(_options, bundle) {
      for (const part of Object.values(bundle)) {
        if (part.type !== 'chunk') continue;
        for (const id of part.moduleIds) {
          const folder = /^.*\/node_modules\/(?:@[^/]+\/)?[^/]+/.exec(id.replaceAll('\\', '/'))?.[0];
          if (folder) folders.add(relative(import.meta.dirname, folder).replaceAll('\\', '/'));
        }
      }
      const out = resolve(import.meta.dirname, 'out/bundled');
      mkdirSync(out, { recursive: true });
      writeFileSync(resolve(out, `${name}.json`), JSON.stringify([...folders].sort()));
    },
  };
}

const outsideTheBundle = [
  'electron',
  /^@tensorflow\//,
  /^h5wasm/,
  'pngjs',
  'papaya-viewer',
  'node-api-headers',
  'undici',
  'yauzl',
  ...builtinModules,
  /^node:/,
];

export default defineConfig({
  main: {
    plugins: [recordPackages('main')],
    build: {
      outDir: 'out/main',
      target: 'node20',
      externalizeDeps: false,
      sourcemap: true,
      rolldownOptions: {
        input: nodeInputs,
        external: outsideTheBundle,
        output: { format: 'cjs', entryFileNames: '[name].cjs', chunkFileNames: 'chunks/[name]-[hash].cjs' },
      },
    },
  },
  preload: {
    build: {
      outDir: 'out/preload',
      target: 'node20',
      externalizeDeps: false,
      rolldownOptions: {
        input: { preload: resolve(import.meta.dirname, 'main/preload.ts') },
        external: ['electron'],
        // A sandboxed preload can require only electron: one CommonJS file holds the rest.
        output: { format: 'cjs', entryFileNames: '[name].cjs', codeSplitting: false },
      },
    },
  },
  renderer: {
    root: 'renderer',
    base: '/',
    // The page is served by main, which puts a fresh nonce in place of this mark (see main/protocol.ts).
    html: { cspNonce: '__CSP_NONCE__' },
    plugins: [vue(), vuetify({ autoImport: true }), recordPackages('window')],
    worker: { format: 'es', plugins: () => [recordPackages('workers')] },
    build: {
      outDir: 'out/renderer',
      target: 'chrome130',
      minify: true,
      // No data: URLs for assets: the content security policy allows none for fonts and scripts.
      assetsInlineLimit: 0,
      rolldownOptions: { input: resolve(import.meta.dirname, 'renderer/index.html') },
    },
  },
});
