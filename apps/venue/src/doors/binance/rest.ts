/** Serves the operations over REST. */
import { Readable } from 'node:stream';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Logger } from 'pino';
import type { AccountRecord } from '../../core/accounts/accounts.ts';
import type { ApiKey } from '../../domain/credentials.ts';
import { documentAnswers } from '../http/answers.ts';
import type { Door } from '../http/door.ts';
import { ApiError, apiErrorOf, errors } from '../http/errors.ts';
import { noSuchRoute } from '../http/requests.ts';
import { type BinanceServices, type Caller, Json, JsonPieces, type Operation, runOperation } from './operation.ts';
import { checkParameters, checkTimeUnit, parseForms } from './parameters.ts';
import { checkSignature, keyHolder, signedPayload } from './security.ts';

/** An order list with all its parameters takes a quarter of it. */
const BODY_LIMIT = 16 * 1024;

const JSON_TYPE = 'application/json; charset=utf-8';

type Holder = { account: AccountRecord; key: ApiKey };

/** Who a request's API key belongs to: known from its head, before its body is read. */
const holders = new WeakMap<FastifyRequest, Holder>();

/**
 * Puts every operation that has a path on the server, documented from the same schemas that check it.
 * @param door where a connection that brings something signed is noted
 */
export function addRestOperations(server: FastifyInstance, services: BinanceServices, operations: readonly Operation[], door: Door): void {
  // Parameters come from query and body together and fail with Binance's codes: checkParameters does that, not Ajv.
  server.setValidatorCompiler(() => () => true);
  server.addContentTypeParser('application/x-www-form-urlencoded', { parseAs: 'string' }, (_request, body, done) => done(null, body));
  // Clients name a type also where they send nothing: Binance's own connectors JSON.
  for (const type of ['application/json', '*']) {
    server.addContentTypeParser(type, { parseAs: 'buffer' }, (_request, body, done) => {
      if (body.length === 0) done(null, undefined);
      else done(notForm());
    });
  }
  for (const operation of operations) {
    if (operation.rest === undefined) continue;
    server.route({
      method: operation.rest.method,
      url: operation.rest.path,
      bodyLimit: BODY_LIMIT,
      config: { weight: operation.weight, swaggerTransform: documentAnswers(operation.answer) },
      onRequest: operation.security === 'NONE' ? undefined : (request, _reply, done) => findHolder(services, operation, request, done),
      schema: {
        summary: operation.summary,
        tags: [operation.security === 'NONE' ? 'Market data' : 'Account'],
        querystring: operation.parameters,
        ...(operation.security !== 'NONE' && { security: [{ apiKey: [] }] }),
      },
      handler: (request, reply) => answer(services, operation, door, request, reply),
    });
  }
}

/** Notes whose key it is. Fails with ApiError -2014 or -2015. */
function findHolder(services: BinanceServices, operation: Operation, request: FastifyRequest, done: (error?: Error) => void): void {
  const header = request.headers['x-mbx-apikey'];
  const key = Array.isArray(header) ? header[0] : header;
  try {
    holders.set(request, keyHolder(services.accounts, key, request.ip, operation.trades === true));
  } catch (error) {
    done(error as Error);
    return;
  }
  done();
}

async function answer(
  services: BinanceServices,
  operation: Operation,
  door: Door,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<unknown> {
  const unit = request.headers['x-mbx-time-unit'];
  checkTimeUnit(Array.isArray(unit) ? unit.join() : unit);
  const at = request.url.indexOf('?');
  const query = at < 0 ? '' : request.url.slice(at + 1);
  const body = (request.body as string | undefined) ?? '';
  const parameters = parseForms(query, body);
  const caller: Caller = { account: -1, apiKey: '', address: request.ip };
  const holder = holders.get(request);
  if (holder !== undefined) {
    if (operation.security === 'SIGNED') {
      checkSignature(holder.key, signedPayload(query, body), parameters, services.now());
      door.signedIn(request.raw.socket);
    }
    caller.account = holder.account.number;
    caller.apiKey = holder.key.key;
  }
  caller.orderCounts = (tenSeconds, day) => reply.header('x-mbx-order-count-10s', tenSeconds).header('x-mbx-order-count-1d', day);
  checkParameters(operation.parameters, parameters, operation.security !== 'NONE');
  caller.onGone = (listener) => reply.raw.once('close', listener);
  const result = await runOperation(services, operation, parameters, caller);
  if (result instanceof JsonPieces) {
    if (!result.isShort) return reply.type(JSON_TYPE).send(Readable.from(result.pieces));
    let text = '';
    for await (const piece of result.pieces) text += piece;
    return reply.type(JSON_TYPE).send(text);
  }
  return result instanceof Json ? reply.type(JSON_TYPE).send(result.text) : result;
}

/** Every error in Binance's form; what nobody foresaw is logged and told as -1000. */
export function addErrorHandler(server: FastifyInstance, log: Logger): void {
  server.setErrorHandler((error: Error & { statusCode?: number; code?: string; data?: unknown }, request, reply) => {
    const foreseen = apiErrorOf(error);
    const shown = foreseen ?? fromFastify(error);
    if (shown.status >= 500 && foreseen === undefined) log.error(error, `${request.method} ${request.url.split('?')[0]}`);
    if (shown.retryAfter !== undefined) reply.header('retry-after', shown.retryAfter);
    reply.status(shown.status).send({ code: shown.code, msg: shown.message, ...(error.data !== undefined && { data: error.data }) });
  });
  server.setNotFoundHandler((request) => {
    throw noSuchRoute(request);
  });
}

function fromFastify(error: { statusCode?: number; code?: string; message: string }): ApiError {
  if (error.code === 'FST_ERR_CTP_BODY_TOO_LARGE')
    return new ApiError(-1101, 'Too many parameters sent for this endpoint: the body is too large.', 413);
  if (error.statusCode === 415) return notForm();
  if (error.statusCode !== undefined && error.statusCode < 500)
    return new ApiError(-1100, `Malformed request: ${error.message}`, error.statusCode);
  return errors.unknown();
}

function notForm(): ApiError {
  return new ApiError(-1100, 'The body must be application/x-www-form-urlencoded.', 415);
}
