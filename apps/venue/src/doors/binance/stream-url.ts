/** Reads which streams the path of a WebSocket connection names. */

/** What the address of a stream connection asks for. */
interface NamedStreams {
  isCombined: boolean;
  names: string[];
}

/** Reads /ws/a/b and /stream?streams=a/b; undefined: neither. */
export function namedStreams(address: string): NamedStreams | undefined {
  const url = URL.parse(address, 'http://venue');
  if (url === null) return undefined;
  const [, kind, ...rest] = url.pathname.split('/');
  if (kind !== 'ws' && kind !== 'stream') return undefined;
  const isCombined = kind === 'stream';
  // In a form's encoding a plus is a blank, and names of streams have one: it stays what it is.
  const query = new URLSearchParams(url.search.replaceAll('+', '%2B'));
  const named = isCombined ? (query.get('streams') ?? '').split('/') : rest;
  return { isCombined, names: named.filter((name) => name !== '') };
}
