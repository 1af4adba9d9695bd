import type { IncomingHttpHeaders } from 'node:http';
import net from 'node:net';
import os from 'node:os';
import type { VenueConfig } from '../../domain/config.ts';

const LOCAL = ['localhost', '127.0.0.1', '[::1]'];

/**
 * What pages in browsers may do: a browser says which host it means and which page asks. A page elsewhere whose name was made to lead here
 * (DNS rebinding) names a host that is not this venue's; a page elsewhere that sends orders here names an origin that is not. Programs that
 * are no browsers send no Origin, and name a host that is the venue's.
 */
export class Browsers {
  readonly #hosts: ReadonlySet<string>;
  readonly #anyAddress: boolean;
  readonly #origins: ReadonlySet<string>;
  readonly #isTls: boolean;

  constructor({ host, hostNames, origins, tls }: Pick<VenueConfig, 'host' | 'hostNames' | 'origins' | 'tls'>) {
    const isLoopback = LOCAL.includes(bracketed(host)) || (net.isIPv4(host) && host.startsWith('127.'));
    const own = isLoopback ? [] : [os.hostname()];
    this.#hosts = new Set([...LOCAL, ...own, bracketed(host), ...hostNames].map((name) => name.toLowerCase()));
    this.#anyAddress = !isLoopback;
    this.#origins = new Set(origins);
    this.#isTls = tls !== undefined;
  }

  /** Why a request is not answered; undefined: it is. @param isRead whether it changes nothing, and a page elsewhere can't read the answer */
  refusal({ host, origin }: Pick<IncomingHttpHeaders, 'host' | 'origin'>, isRead: boolean): string | undefined {
    if (host !== undefined && !this.#isOwn(host)) return `This venue is not '${shown(host)}': its other names go into hostNames.`;
    if (origin === undefined || isRead || this.isConfigured(origin) || this.#isSame(origin, host)) return undefined;
    return `Pages of '${shown(origin)}' may not do that: those that may are the configuration's origins.`;
  }

  /** Whether it is one of the origins that the operator lets in. */
  isConfigured(origin: string): boolean {
    return this.#origins.has(origin);
  }

  #isOwn(host: string): boolean {
    const name = /^(\[[0-9a-f:.]+\]|[^:[\]/?#@\s]+)(?::\d{1,5})?$/i.exec(host)?.[1].toLowerCase();
    if (name === undefined) return false;
    return this.#hosts.has(name) || (this.#anyAddress && net.isIP(name.replace(/^\[|\]$/g, '')) !== 0);
  }

  /** With TLS ended before the venue, a page's scheme is not the venue's: host and port decide. */
  #isSame(origin: string, host: string | undefined): boolean {
    const page = URL.parse(origin);
    if (page === null || host === undefined || (this.#isTls && page.protocol !== 'https:')) return false;
    return page.host !== '' && page.host === URL.parse(`${page.protocol}//${host}`)?.host;
  }
}

/** An address as it stands in a URL. */
function bracketed(host: string): string {
  return net.isIPv6(host) ? `[${host}]` : host;
}

function shown(text: string): string {
  return text.slice(0, 100);
}
