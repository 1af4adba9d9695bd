/** What every HTTP request passes before a route has it. */
import type { IncomingMessage } from 'node:http';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Services } from '../../core/services.ts';
import type { Browsers } from './browsers.ts';
import { ApiError, apiErrorOf } from './errors.ts';
import { bodyBytes } from './long-bodies.ts';
import { refusalOf } from './raw-answer.ts';
import { SECURITY_HEADERS } from './security-headers.ts';
import { normalizeTarget } from './target.ts';

declare module 'fastify' {
  interface FastifyContextConfig {
    /** of an address's weight a minute; 1 when it is not said */
    weight?: number;
  }
}

/** Methods that change nothing. */
const READS = new Set(['GET', 'HEAD', 'OPTIONS']);

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
 * what names another host or comes from a page elsewhere, 400 without a host or with two, 417 for an expectation that nobody knows; each
 * of these weighs 1.
 * @param isRead whether it changes nothing
 */
export function checkRequest(
  { limiter, now }: Services,
  browsers: Browsers,
  request: IncomingMessage,
  isRead = READS.has(request.method ?? ''),
): void {
  const address = request.socket.remoteAddress ?? '';
  limiter.checkWeight(address, now());
  const refusal = refusalTo(browsers, request, isRead);
  if (refusal === undefined) return;
  limiter.useWeight(address, 1, now());
  throw refusal;
}

function refusalTo(browsers: Browsers, request: IncomingMessage, isRead: boolean): ApiError | undefined {
  const { expect } = request.headers;
  if (expect !== undefined && !/^100-continue$/i.test(expect))
    return new ApiError(-1000, 'This venue meets no expectation but 100-continue.', 417);
  const malformed = normalizeTarget(request);
  if (malformed !== undefined) return new ApiError(-1000, malformed);
  const refusal = browsers.refusal(request.headers, isRead);
  return refusal === undefined ? undefined : new ApiError(-1000, refusal, 403);
}

/** What is told of bytes that are no request, or name no route: they weigh 1, as a request does. */
export function malformedError({ limiter, now }: Services, address: string, { code }: { code?: string }): ApiError {
  try {
    limiter.useWeight(address, 1, now());
  } catch (error) {
    const shown = apiErrorOf(error);
    if (shown === undefined) throw error;
    return shown;
  }
  switch (code) {
    case 'HPE_HEADER_OVERFLOW':
      return new ApiError(-1100, 'Malformed request: its head is too long.', 431);
    case 'ERR_HTTP_REQUEST_TIMEOUT':
      return new ApiError(-1100, 'Malformed request: it was not complete in time.', 408);
    case 'FST_ERR_BAD_URL':
      return new ApiError(-1100, 'Malformed request: its path is none.');
    case 'FST_ERR_MAX_PARAM_LENGTH':
      return new ApiError(-1100, 'Malformed request: a part of its path is too long.', 414);
    default:
      return new ApiError(-1100, 'Malformed request: not HTTP.');
  }
}

/** Answers a request whose path is none, so that it never comes to a route. */
export function refusePath(services: Services, error: { code?: string }, { ip }: FastifyRequest, reply: FastifyReply): void {
  const shown = malformedError(services, ip, error);
  const { body, headers } = refusalOf(shown);
  reply.status(shown.status).headers(headers).header('connection', 'close').send(body);
}

/** What each request passes before anything but its head is read, on every route: what it costs, and whether a body is wanted. */
export function guardRequests(server: FastifyInstance, services: Services, browsers: Browsers): void {
  // With a callback: a promise a request costs more than all that is looked at here.
  server.addHook('onRequest', (request, reply, done) => {
    reply.headers(SECURITY_HEADERS);
    const { method, headers } = request;
    const isRead = READS.has(method);
    if (!weigh(services, request, reply, done)) return;
    if (headers.origin !== undefined && browsers.isConfigured(headers.origin)) {
      allowOrigin(reply, headers.origin);
      if (method === 'OPTIONS') {
        reply.status(204).headers(CORS_HEADERS).send();
        return;
      }
    }
    if (request.is404) done(noSuchRoute(request));
    else if (isRead && bodyBytes(headers) > 0) done(new ApiError(-1100, `${method} takes no body.`));
    else done();
  });
}

export function noSuchRoute({ method = '', url = '' }: Pick<IncomingMessage, 'method' | 'url'>): ApiError {
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
