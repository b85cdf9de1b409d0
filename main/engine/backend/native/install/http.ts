import { readFileSync } from 'node:fs';
import { rootCertificates } from 'node:tls';
import { EnvHttpProxyAgent, fetch, type Headers, type Response } from 'undici';
import { ExpectedError } from '../../../../../shared/failure';
import { pipSetting } from './pipSettings';

/** No answer for so long is a connection that is gone. */
const SILENCE_MS = 60_000;
const CONNECT_MS = 15_000;

let agent: EnvHttpProxyAgent | null = null;

/** Goes through the proxy that HTTPS_PROXY names, and trusts the certificates that pip was told to trust as well. */
function dispatcher(): EnvHttpProxyAgent {
  if (agent) return agent;
  const certificates = process.env['SSL_CERT_FILE'] ?? pipSetting('cert');
  const ca = certificates ? [...rootCertificates, ...readCertificates(certificates)] : undefined;
  const tls = { timeout: CONNECT_MS, ...(ca ? { ca } : {}) };
  agent = new EnvHttpProxyAgent({
    connect: tls,
    requestTls: tls,
    headersTimeout: SILENCE_MS,
    bodyTimeout: SILENCE_MS,
  });
  return agent;
}

function readCertificates(file: string): string[] {
  try {
    return [readFileSync(file, 'utf8')];
  } catch {
    return [];
  }
}

/**
 * What a server says of a file without sending it.
 * @throws ExpectedError download-failed where the server cannot be reached or says no
 */
export async function head(url: string, signal?: AbortSignal): Promise<Headers> {
  return (await request('HEAD', url, {}, signal)).headers;
}

/**
 * GET with headers.
 * @throws ExpectedError download-failed where the server cannot be reached or says no
 */
export function get(
  url: string,
  headers: Readonly<Record<string, string>> = {},
  signal?: AbortSignal,
): Promise<Response> {
  return request('GET', url, headers, signal);
}

async function request(
  method: 'GET' | 'HEAD',
  url: string,
  headers: Readonly<Record<string, string>>,
  signal: AbortSignal | undefined,
): Promise<Response> {
  let response: Response;
  try {
    response = await fetch(url, {
      method,
      headers,
      dispatcher: dispatcher(),
      ...(signal ? { signal } : {}),
    });
  } catch (error) {
    if (signal?.aborted) throw new ExpectedError('cancelled', 'Stopped.');
    throw unreachable(url, error);
  }
  if (!response.ok) {
    await response.body?.cancel();
    throw new ExpectedError(
      'download-failed',
      `${new URL(url).host} does not have what is needed (it answered ${response.status}). Try again later, or see the other ways in docs/native.md.`,
      url,
    );
  }
  return response;
}

/** The failure of a connection, in words. */
export function unreachable(url: string, error: unknown): ExpectedError {
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
  const why = cause instanceof Error ? cause.message : String(cause);
  return new ExpectedError(
    'download-failed',
    `The download from ${new URL(url).host} failed (${why}). Check the network or the proxy (HTTPS_PROXY) and run the same again: it goes on where it stopped. Until then everything runs on WebAssembly.`,
    `${url}\n${error instanceof Error ? (error.stack ?? '') : ''}`,
  );
}
