/** Answers where there is no response to write them with: to bytes that are no request, and to upgrades. */
import { STATUS_CODES } from 'node:http';
import type { Duplex } from 'node:stream';
import type { ApiError } from './errors.ts';
import { SECURITY_HEADERS } from './security-headers.ts';

/** Body and headers of a refusal, as every one is made: `{code, msg}`, and what tells browsers what it is not. */
export function refusalOf({ code, message, retryAfter }: ApiError): { body: Buffer; headers: Record<string, string> } {
  const body = Buffer.from(JSON.stringify({ code, msg: message }));
  const headers: Record<string, string> = {
    ...SECURITY_HEADERS,
    'content-type': 'application/json; charset=utf-8',
    'content-length': String(body.length),
  };
  if (retryAfter !== undefined) headers['retry-after'] = String(retryAfter);
  return { body, headers };
}

/** Answers and closes: nobody reads such a connection, so that its other end would never be noticed. */
export function refuseRaw(socket: Duplex, error: ApiError, more: Record<string, string> = {}): void {
  if (!socket.writable) {
    socket.destroy();
    return;
  }
  const { body, headers } = refusalOf(error);
  const lines = Object.entries({ ...headers, ...more, date: new Date().toUTCString(), connection: 'close' });
  const head = lines.map(([name, value]) => `${name}: ${value}\r\n`).join('');
  socket.once('finish', () => socket.destroy());
  socket.write(`HTTP/1.1 ${error.status} ${STATUS_CODES[error.status]}\r\n${head}\r\n`);
  socket.end(body);
}
