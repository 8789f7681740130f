import { isTrustworthy } from './settings.ts';

/** Discovery documents, key sets and tokens are a few KiB. */
const maxAnswerBytes = 256 * 1024;

/**
 * Like `fetch`, for answers of a provider: only from addresses that can be trusted on the way, following no redirect,
 * and no longer than the bound. `maySpeakHttp` is for a provider on this machine.
 */
export function boundedFetch(maySpeakHttp: boolean) {
  return async (address: string, options: RequestInit): Promise<Response> => {
    const url = new URL(address);
    if (url.protocol !== 'https:' && !(maySpeakHttp && isTrustworthy(url)))
      throw new TypeError(`${url.origin} is not asked: it is not https.`);
    const response = await fetch(url, { ...options, redirect: 'manual' });
    const body = await bodyOf(response);
    const { status, statusText, headers } = response;
    return new Response(body, { status, statusText, headers });
  };
}

async function bodyOf(response: Response): Promise<Uint8Array<ArrayBuffer> | null> {
  if (response.body === null) return null;
  const parts: Uint8Array[] = [];
  let sizeBytes = 0;
  for await (const part of response.body) {
    sizeBytes += part.byteLength;
    if (sizeBytes > maxAnswerBytes) throw new TypeError(`The answer is longer than ${maxAnswerBytes} bytes.`);
    parts.push(part);
  }
  return Uint8Array.from(Buffer.concat(parts));
}
