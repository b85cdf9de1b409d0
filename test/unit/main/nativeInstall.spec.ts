import { createHash } from 'node:crypto';
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { downloadFile } from '../../../main/engine/backend/native/install/download';
import { installNative } from '../../../main/engine/backend/native/install/installNative';
import { pipSetting } from '../../../main/engine/backend/native/install/pipSettings';
import { findWheel } from '../../../main/engine/backend/native/install/pythonIndex';
import { cudaRequirements } from '../../../main/engine/backend/native/install/wheel';
import { installedLibraries, libraryFolder } from '../../../main/engine/backend/native/installed';
import { runProbe } from '../../../main/engine/backend/native/probe';

const folder = mkdtempSync(join(tmpdir(), 'asc-net-native-'));
const content = Buffer.from(Uint8Array.from({ length: 300_000 }, (_, i) => (i * 7) % 251));
const sha256 = createHash('sha256').update(content).digest('hex');

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
  const file = (): { url: string; sha256: string; sizeBytes: number } => ({
    url: `${base}/file`,
    sha256,
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
    const wrong = { ...file(), sha256: '0'.repeat(64) };
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
      sha256,
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
      sha256,
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
