/** Which host a request means: RFC 9112, section 3.2. */
import type { IncomingMessage } from 'node:http';

const SLASH = 47;
/** A whole URL in place of a path, as to a proxy. */
const ABSOLUTE = /^https?:\/\/([^/?#]*)([^#]*)$/i;

/**
 * Takes a target that is a whole URL apart: its authority stands in place of Host, and what is left is the path, for all that look at the
 * request from here on. Returns why it is malformed.
 */
export function normalizeTarget(request: IncomingMessage): string | undefined {
  const hosts = countHosts(request.rawHeaders);
  if (hosts > 1) return 'The request names more than one host.';
  if (hosts === 0 && request.httpVersion === '1.1') return 'The request names no host.';
  const url = request.url ?? '';
  if (url.charCodeAt(0) === SLASH || url === '*') return undefined;
  const absolute = ABSOLUTE.exec(url);
  if (absolute === null || !URL.canParse(url)) return "Malformed request: its target is neither a path nor a venue's URL.";
  const [, authority, rest] = absolute;
  request.headers.host = authority;
  request.url = rest.charCodeAt(0) === SLASH ? rest : `/${rest}`;
  return undefined;
}

/** Fields, of which Node keeps the first. */
function countHosts(raw: readonly string[]): number {
  let count = 0;
  for (let i = 0; i < raw.length; i += 2) if (raw[i].length === 4 && raw[i].toLowerCase() === 'host') count++;
  return count;
}
