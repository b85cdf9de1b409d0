import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { crc32 } from 'node:zlib';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { createRequire } from 'node:module';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { create } from 'tar';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { downloadFile, type Download } from '../../../main/engine/backend/native/install/download';
import { installNative } from '../../../main/engine/backend/native/install/installNative';
import { pipSetting } from '../../../main/engine/backend/native/install/pipSettings';
import { findWheel } from '../../../main/engine/backend/native/install/pythonIndex';
import { OFFICIAL_VERSION } from '../../../main/engine/backend/native/install/official';
import { cudaRequirements, WHEEL_VERSION } from '../../../main/engine/backend/native/install/wheel';
import { installedLibraries, libraryFolder } from '../../../main/engine/backend/native/installed';
import { runProbe } from '../../../main/engine/backend/native/probe';

const folder = mkdtempSync(join(tmpdir(), 'asc-net-native-'));
const content = Buffer.from(Uint8Array.from({ length: 300_000 }, (_, i) => (i * 7) % 251));
const sha256 = createHash('sha256').update(content).digest('hex');

const sha256Hex = (data: Buffer): string => createHash('sha256').update(data).digest('hex');

/** A zip archive of one stored entry (APPNOTE 4.3.6): local header, data, central directory, its end. */
function zipOf(name: string, text: string): Buffer {
  const [file, data] = [Buffer.from(name), Buffer.from(text)];
  const shared = Buffer.alloc(26);
  shared.writeUInt16LE(20, 0);
  shared.writeUInt32LE(crc32(data), 10);
  shared.writeUInt32LE(data.length, 14);
  shared.writeUInt32LE(data.length, 18);
  shared.writeUInt16LE(file.length, 22);
  const local = Buffer.concat([Buffer.from('PK\x03\x04'), shared, file, data]);
  const central = Buffer.concat([Buffer.from('PK\x01\x02\x14\x00'), shared, Buffer.alloc(14), file]);
  const end = Buffer.alloc(22);
  end.write('PK\x05\x06');
  end.writeUInt16LE(1, 8);
  end.writeUInt16LE(1, 10);
  end.writeUInt32LE(central.length, 12);
  end.writeUInt32LE(local.length, 16);
  return Buffer.concat([local, central, end]);
}

let server: Server;
let base = '';
let answer: (request: IncomingMessage, response: ServerResponse) => void;
const ranges: (string | undefined)[] = [];

beforeAll(async () => {
  server = createServer((request, response) => {
    ranges.push(request.headers.range);
    answer(request, response);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
beforeEach(() => {
  ranges.length = 0;
  vi.stubEnv('ASCNET_NATIVE_DIR', join(folder, 'native'));
  vi.stubEnv('PIP_INDEX_URL', `${base}/simple`);
  vi.stubEnv('TFJS_NODE_CDN_STORAGE', base);
  vi.stubEnv('NO_PROXY', '127.0.0.1');
});
afterEach(() => {
  vi.unstubAllEnvs();
  rmSync(join(folder, 'native'), { recursive: true, force: true });
});
afterAll(() => {
  server.close();
  rmSync(folder, { recursive: true, force: true });
});

/** Serves the content, from the asked place on; `upTo` bytes in, the connection breaks. */
function serve(request: IncomingMessage, response: ServerResponse, upTo = content.length): void {
  const from = Number(/^bytes=(\d+)-$/.exec(request.headers.range ?? '')?.[1] ?? 0);
  response.writeHead(from > 0 ? 206 : 200, { 'content-length': String(content.length - from) });
  response.write(content.subarray(from, Math.max(from, upTo)), () => {
    if (upTo >= content.length) response.end();
    else response.destroy();
  });
}

describe('a download', () => {
  const file = (): Download => ({
    url: `${base}/file`,
    hash: { algorithm: 'sha256', hex: sha256 },
    sizeBytes: content.length,
  });

  it('goes on where the connection broke, and is whole', async () => {
    const target = join(folder, 'resumed');
    let broken = 0;
    answer = (request, response) => serve(request, response, ++broken === 1 ? 100_000 : content.length);
    const seen: number[] = [];
    await downloadFile(file(), target, (bytes) => seen.push(bytes), undefined, 1);
    expect(readFileSync(target).equals(content)).toBe(true);
    expect(ranges[0]).toBeUndefined();
    expect(Number(/\d+/.exec(ranges[1] ?? '')?.[0])).toBeGreaterThan(0);
    expect(seen.at(-1)).toBe(content.length);
    expect(existsSync(`${target}.part`)).toBe(false);
  });

  it('keeps what has come when the network is gone, for the next run', async () => {
    const target = join(folder, 'later');
    answer = (request, response) => {
      if (request.headers.range) response.destroy();
      else serve(request, response, 120_000);
    };
    await expect(downloadFile(file(), target, () => undefined, undefined, 1)).rejects.toMatchObject({
      kind: 'download-failed',
      message: expect.stringMatching(
        /run the same again: it goes on where it stopped.*WebAssembly/,
      ) as string,
    });
    expect(existsSync(target)).toBe(false);
    const kept = statSync(`${target}.part`).size;
    expect(kept).toBeGreaterThan(0);
    answer = (request, response) => serve(request, response);
    await downloadFile(file(), target, () => undefined, undefined, 1);
    expect(ranges.at(-1)).toBe(`bytes=${kept}-`);
    expect(readFileSync(target).equals(content)).toBe(true);
  });

  it('starts over where the server cannot continue', async () => {
    const target = join(folder, 'whole');
    writeFileSync(`${target}.part`, 'left over');
    answer = (_request, response) => {
      response.writeHead(200, { 'content-length': String(content.length) });
      response.end(content);
    };
    await downloadFile(file(), target, () => undefined, undefined, 1);
    expect(readFileSync(target).equals(content)).toBe(true);
  });

  it('refuses what has another checksum, and deletes it', async () => {
    const target = join(folder, 'forged');
    answer = (request, response) => serve(request, response);
    const wrong: Download = { ...file(), hash: { algorithm: 'sha256', hex: '0'.repeat(64) } };
    await expect(downloadFile(wrong, target, () => undefined, undefined, 1)).rejects.toMatchObject({
      kind: 'download-failed',
      message: expect.stringContaining('checksum differs') as string,
    });
    expect(existsSync(target)).toBe(false);
    expect(existsSync(`${target}.part`)).toBe(false);
  });

  it('stops when it is told to', async () => {
    const stop = new AbortController();
    answer = (_request, response) => {
      response.writeHead(200, { 'content-length': String(content.length) });
      response.write(content.subarray(0, 1000), () => stop.abort());
    };
    const target = join(folder, 'stopped');
    await expect(downloadFile(file(), target, () => undefined, stop.signal, 1)).rejects.toMatchObject({
      kind: 'cancelled',
    });
  });
});

describe('the Python package index', () => {
  const names = [
    'tensorflow_cpu-2.15.1-cp310-cp310-manylinux_2_17_x86_64.manylinux2014_x86_64.whl',
    'tensorflow_cpu-2.15.1-cp311-cp311-win_amd64.whl',
    'tensorflow_cpu-2.15.10-cp311-cp311-manylinux_2_17_x86_64.whl',
    'tensorflow_cpu-2.15.1.tar.gz',
  ];
  const linux = /^manylinux.*_x86_64$/;

  it('is read in its JSON form', async () => {
    answer = (_request, response) => {
      response.writeHead(200, { 'content-type': 'application/vnd.pypi.simple.v1+json' });
      const files = names.map((filename) => ({
        filename,
        url: `../../files/${filename}`,
        hashes: { sha256 },
        size: 5,
      }));
      response.end(JSON.stringify({ files }));
    };
    expect(await findWheel('tensorflow-cpu', '2.15.1', linux)).toEqual({
      filename: names[0],
      url: `${base}/files/${names[0]}`,
      hash: { algorithm: 'sha256', hex: sha256 },
      sizeBytes: 5,
    });
  });

  it('is read in the older HTML form, as mirrors give it', async () => {
    answer = (_request, response) => {
      response.writeHead(200, { 'content-type': 'text/html' });
      response.end(
        names.map((name) => `<a class="x" href="/f/${name}#sha256=${sha256}">${name}</a><br/>`).join('\n'),
      );
    };
    const found = await findWheel('tensorflow-cpu', '2.15.1', linux);
    expect(found).toMatchObject({
      filename: names[0],
      url: `${base}/f/${names[0]}`,
      hash: { algorithm: 'sha256', hex: sha256 },
      sizeBytes: null,
    });
  });

  it('says so where it has nothing for this computer', async () => {
    answer = (_request, response) => {
      response.writeHead(200, { 'content-type': 'text/html' });
      response.end('');
    };
    await expect(findWheel('tensorflow-cpu', '2.15.1', linux)).rejects.toMatchObject({
      kind: 'download-failed',
      message: expect.stringContaining('has no tensorflow-cpu 2.15.1 for this computer') as string,
    });
  });
});

it('an installation that fails leaves nothing that looks installed', async () => {
  answer = (_request, response) => response.writeHead(503).end();
  await expect(installNative({ kind: 'cpu' }, { onProgress: () => undefined })).rejects.toMatchObject({
    kind: 'download-failed',
  });
  await expect(
    installNative({ kind: 'cpu', libtensorflow: folder }, { onProgress: () => undefined }),
  ).rejects.toMatchObject({ kind: 'install-failed' });
  expect(installedLibraries()).toEqual([]);
  expect(existsSync(libraryFolder('cpu'))).toBe(false);
});

describe('the sources', () => {
  /** An official archive with nothing in its libraries. */
  async function officialArchive(): Promise<Buffer> {
    const made = join(folder, 'official');
    for (const name of ['include/tensorflow/c/c_api.h', ...libraryNames.map((name) => `lib/${name}`)]) {
      mkdirSync(join(made, name, '..'), { recursive: true });
      writeFileSync(join(made, name), '');
    }
    const file = join(folder, 'official.tar.gz');
    await create({ gzip: true, file, cwd: made }, ['include', 'lib']);
    return readFileSync(file);
  }
  const libraryNames =
    process.platform === 'darwin'
      ? ['libtensorflow.2.dylib', 'libtensorflow_framework.2.dylib']
      : ['libtensorflow.so.2', 'libtensorflow_framework.so.2'];

  /** Answers with the official archive, and has no wheels. */
  function serveOfficial(archive: Buffer, md5: Buffer, asked: string[]): void {
    answer = (request, response) => {
      asked.push(`${request.method} ${request.url}`);
      if (!request.url?.includes('libtensorflow')) return void response.writeHead(404).end();
      response.writeHead(200, {
        'content-length': String(archive.length),
        'x-goog-hash': `crc32c=AAAAAA==, md5=${md5.toString('base64')}`,
      });
      response.end(request.method === 'HEAD' ? undefined : archive);
    };
  }
  const md5Of = (data: Buffer): Buffer => createHash('md5').update(data).digest();
  /** A compiler that makes what no Node can load. */
  const brokenCompiler = (): string => {
    const file = join(folder, 'broken-cxx');
    writeFileSync(file, '#!/bin/sh\nfor last; do :; done\necho junk > "$last"\n', { mode: 0o755 });
    return file;
  };

  it.runIf(process.arch === 'x64' && process.platform !== 'win32')(
    "are TensorFlow's own server, then the Python package index where its library does not run here",
    async () => {
      const asked: string[] = [];
      const archive = await officialArchive();
      serveOfficial(archive, md5Of(archive), asked);
      vi.stubEnv('CXX', brokenCompiler());
      const told: string[] = [];
      await expect(
        installNative({ kind: 'cpu' }, { onProgress: (message) => told.push(message) }),
      ).rejects.toMatchObject({ kind: 'download-failed' });
      expect(asked.map((each) => each.replace(/-(linux|darwin)-/, '-OS-'))).toEqual([
        `HEAD /tensorflow/libtensorflow/libtensorflow-cpu-OS-x86_64-${OFFICIAL_VERSION}.tar.gz`,
        `GET /tensorflow/libtensorflow/libtensorflow-cpu-OS-x86_64-${OFFICIAL_VERSION}.tar.gz`,
        'GET /simple/tensorflow-cpu/',
      ]);
      expect(told).toContain('compiling the addon');
      expect(told).toContain('trying a convolution and its gradient');
      expect(told.join()).toContain('gives no library that works here; trying the Python package index');
      expect(installedLibraries()).toEqual([]);
    },
  );

  it.runIf(process.arch === 'x64' && process.platform !== 'win32')(
    "refuse an official archive that is not what TensorFlow's server says",
    async () => {
      const asked: string[] = [];
      const archive = await officialArchive();
      serveOfficial(archive, md5Of(Buffer.from('another')), asked);
      const told: string[] = [];
      await expect(
        installNative({ kind: 'cpu' }, { onProgress: (message) => told.push(message) }),
      ).rejects.toMatchObject({ kind: 'download-failed' });
      expect(told).not.toContain('unpacking TensorFlow');
    },
  );

  it.runIf(process.arch === 'x64' && process.platform === 'linux')(
    "for a GPU are the wheel and NVIDIA's libraries that it names",
    async () => {
      const asked: string[] = [];
      answer = (request, response) => {
        asked.push(request.url ?? '');
        if (request.url === '/f/wheel') return void response.end(wheel);
        if (!request.url?.startsWith('/simple/tensorflow/')) return void response.writeHead(404).end();
        const name = `tensorflow-${WHEEL_VERSION}-cp39-cp39-manylinux_2_17_x86_64.whl`;
        const files = [{ filename: name, url: '/f/wheel', hashes: { sha256: sha256Hex(wheel) } }];
        response.writeHead(200, { 'content-type': 'application/vnd.pypi.simple.v1+json' });
        response.end(JSON.stringify({ files }));
      };
      const metadata = "Requires-Dist: nvidia-cudnn-cu12 ==8.9.4.25 ; extra == 'and-cuda'\n";
      const wheel = zipOf(`tensorflow-${WHEEL_VERSION}.dist-info/METADATA`, metadata);
      await expect(installNative({ kind: 'gpu' }, { onProgress: () => undefined })).rejects.toMatchObject({
        kind: 'download-failed',
      });
      expect(asked.filter((url) => url.startsWith('/simple'))).toEqual([
        '/simple/tensorflow/',
        '/simple/nvidia-cudnn-cu12/',
      ]);
      expect(asked[0]).toContain('libtensorflow-gpu-linux-x86_64');
    },
  );

  it('name the version that the package itself would fetch', () => {
    const constants = createRequire(import.meta.url)(
      '@tensorflow/tfjs-node-gpu/scripts/deps-constants.js',
    ) as { LIBTENSORFLOW_VERSION: string };
    expect(OFFICIAL_VERSION).toBe(constants.LIBTENSORFLOW_VERSION);
  });

  it('clear away what an installation left that was killed, and nobody else’s', async () => {
    answer = (_request, response) => response.writeHead(503).end();
    const killed = `${libraryFolder('cpu')}.making-999999999`;
    const atWork = `${libraryFolder('gpu')}.making-${process.ppid}`;
    for (const left of [killed, atWork]) mkdirSync(left, { recursive: true });
    await expect(installNative({ kind: 'cpu' }, { onProgress: () => undefined })).rejects.toThrow();
    expect([existsSync(killed), existsSync(atWork)]).toEqual([false, true]);
  });
});

describe('the settings of pip', () => {
  const at = (name: string, text: string): string => {
    const file = join(folder, name);
    writeFileSync(file, text);
    return file;
  };

  it('come from the environment before the files, and from the first file that has them', () => {
    const files = [
      at('a.conf', '[install]\nindex-url = https://no/\n[global]\ncert = /c.pem\n'),
      at('b.conf', '[global]\ntimeout = 5\nindex-url = https://mirror/simple\n'),
    ];
    expect(pipSetting('index-url', {}, files)).toBe('https://mirror/simple');
    expect(pipSetting('cert', {}, files)).toBe('/c.pem');
    expect(pipSetting('index-url', { PIP_INDEX_URL: 'https://mine/' }, files)).toBe('https://mine/');
    expect(pipSetting('index-url', {}, [])).toBeNull();
  });
});

it("takes NVIDIA's libraries from what the wheel asks for", () => {
  const metadata = [
    'Requires-Dist: absl-py >=1.0.0',
    "Requires-Dist: nvidia-cublas-cu12 ==12.2.5.6 ; extra == 'and-cuda'",
    'Requires-Dist: nvidia-cudnn-cu12 (==8.9.4.25) ; extra == "and-cuda"',
    "Requires-Dist: nvidia-other ==1.0 ; extra == 'else'",
  ].join('\n');
  expect(cudaRequirements(metadata)).toEqual([
    { project: 'nvidia-cublas-cu12', version: '12.2.5.6' },
    { project: 'nvidia-cudnn-cu12', version: '8.9.4.25' },
  ]);
});

describe('the probe', () => {
  const probe = (name: string, code: string): ReturnType<typeof runProbe> => {
    const file = join(folder, name);
    writeFileSync(file, code);
    return runProbe(file, 20_000);
  };

  it('answers with a sentence where the library does not load', async () => {
    const result = await probe('junk.node', 'no library');
    expect(result).toMatchObject({
      works: false,
      why: expect.stringContaining('could not be loaded') as string,
    });
  });

  it('survives an illegal instruction, a crash and silence', async () => {
    const why = async (code: string): Promise<string> => {
      const result = await probe('crash.js', code);
      return result.works ? 'works' : result.why;
    };
    expect(await why('process.kill(process.pid, "SIGILL")')).toContain('lacks instructions');
    expect(await why('process.kill(process.pid, "SIGSEGV")')).toContain('crashed (SIGSEGV)');
    expect(
      await why('throw new Error("libcudnn.so.8: cannot open shared object file: No such file")'),
    ).toContain('the library libcudnn.so.8 is missing');
  });

  it('does not believe wrong numbers', async () => {
    const fake = `let n = 0; module.exports = { TF_FLOAT: 1, createTensor: () => n++, executeOp: () => [{ id: 0 }],
      tensorDataSync: () => new Float32Array(16), isUsingGpuDevice: () => true, TF_Version: '1' };`;
    const result = await probe('fake.js', fake);
    expect(result).toMatchObject({ works: false, why: expect.stringContaining('wrong numbers') as string });
  });
});
