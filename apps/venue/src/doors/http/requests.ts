/** What every HTTP request passes before a route has it. */
import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Services } from '../../core/services.ts';
import type { Browsers } from './browsers.ts';
import { ApiError } from './errors.ts';
import { SECURITY_HEADERS } from './security-headers.ts';

declare module 'fastify' {
  interface FastifyContextConfig {
    /** of an address's weight a minute; 1 when it is not said */
    weight?: number;
  }
}

/** Methods that change nothing. */
const READS = new Set(['GET', 'HEAD', 'OPTIONS']);
/** A body that nobody wants is read over up to here, so that the connection can go on; beyond it the connection ends. */
const MOST_UNWANTED_BYTES = 64 * 1024;

/** For pages of the configuration's origins. */
const CORS_HEADERS = {
  'access-control-allow-methods': 'GET, POST, PUT, DELETE',
  'access-control-allow-headers':
    'authorization, connect-protocol-version, connect-timeout-ms, content-type, grpc-timeout, x-grpc-web, x-mbx-apikey, x-user-agent',
  'access-control-max-age': '600',
};
const CORS_EXPOSED = 'grpc-message, grpc-status, grpc-status-details-bin, retry-after, x-mbx-used-weight-1m';

/**
 * What each request passes before its route is looked for. Throws ApiError: 429 for an address that is beyond its limit already, 403 for
 * what names another host or comes from a page elsewhere (which weighs 1), 400 without a host, 417 for an expectation that nobody knows.
 */
export function checkRequest({ limiter, now }: Services, browsers: Browsers, request: IncomingMessage): void {
  const { headers, method = '', socket } = request;
  const address = socket.remoteAddress ?? '';
  limiter.checkWeight(address, now());
  if (headers.expect !== undefined && !/^100-continue$/i.test(headers.expect))
    throw new ApiError(-1000, 'This venue meets no expectation but 100-continue.', 417);
  const refusal = browsers.refusal(headers, READS.has(method));
  const hasNoHost = headers.host === undefined && request.httpVersion === '1.1';
  if (refusal === undefined && !hasNoHost) return;
  limiter.useWeight(address, 1, now());
  throw hasNoHost ? new ApiError(-1000, 'The request names no host.') : new ApiError(-1000, refusal!, 403);
}

/** What each request passes before anything but its head is read, on every route: what it costs, and whether a body is wanted. */
export function guardRequests(server: FastifyInstance, services: Services, browsers: Browsers): void {
  // With a callback: a promise a request costs more than all that is looked at here.
  server.addHook('onRequest', (request, reply, done) => {
    reply.headers(SECURITY_HEADERS);
    const { method, headers } = request;
    const isRead = READS.has(method);
    const unwanted = request.is404 || isRead ? bodyBytes(headers) : 0;
    if (unwanted > MOST_UNWANTED_BYTES) reply.header('connection', 'close');
    if (!weigh(services, request, reply, done)) return;
    if (headers.origin !== undefined && browsers.isConfigured(headers.origin)) {
      allowOrigin(reply, headers.origin);
      if (method === 'OPTIONS') {
        reply.status(204).headers(CORS_HEADERS).send();
        return;
      }
    }
    if (request.is404) done(noSuchRoute(request));
    else if (unwanted > 0) done(new ApiError(-1100, `${method} takes no body.`));
    else done();
  });
}

export function noSuchRoute({ method, url }: FastifyRequest): ApiError {
  return new ApiError(-1000, `There is no ${method} ${url.split('?')[0]} here; see /docs`, 404);
}

/** Returns whether a request is within its address's limit; one that is not fails, and its connection ends. */
function weigh({ limiter, now }: Services, request: FastifyRequest, reply: FastifyReply, fail: (error: Error) => void): boolean {
  const { weight } = request.routeOptions.config;
  let used: number;
  try {
    used = limiter.useWeight(request.ip, weight ?? 1, now());
  } catch (error) {
    reply.header('connection', 'close');
    fail(error as Error);
    return false;
  }
  if (weight !== undefined) reply.header('x-mbx-used-weight', used).header('x-mbx-used-weight-1m', used);
  return true;
}

function allowOrigin(reply: FastifyReply, origin: string): void {
  reply
    .header('access-control-allow-origin', origin)
    .header('access-control-expose-headers', CORS_EXPOSED)
    .header('cross-origin-resource-policy', 'cross-origin')
    .header('vary', 'origin');
}

/** Bytes of a request's body that it says; one that does not say has any number. */
function bodyBytes(headers: IncomingHttpHeaders): number {
  if (headers['transfer-encoding'] !== undefined) return Number.POSITIVE_INFINITY;
  return Number(headers['content-length'] ?? 0);
}
