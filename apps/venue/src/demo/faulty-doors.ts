/** Where faults strike: around the requests of REST and the WebSocket API, and in front of the readers of account events. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { apiErrorOf, errors } from '../doors/http/errors.ts';
import type { DoorParts } from '../server.ts';
import type { Faults, Target } from './faults.ts';

type UserStreams = DoorParts['services']['userStreams'];
type Reader = Parameters<UserStreams['inFrontOf']>[1];
type Operation = DoorParts['operations'][number];

const SECONDS_OF_LIMIT = 1;
/** What is the demo's own, and pages: never faulty. */
const FAULTY = /^\/(api|sapi)\/|^\/outcry\/v1\/(order|openOrders|positions)/;
const ORDERS = /^\/(api\/v3|outcry\/v1)\/(order|openOrders)/;

/** Puts faults into the doors. Returns what each works with. */
export function makeFaulty(server: FastifyInstance, own: DoorParts, faults: Faults): (door: 'rest' | 'ws-api') => DoorParts {
  const { services } = own;
  addRestFaults(server, own, faults);
  services.userStreams.inFrontOf = (account, reader) => new FaultyReader(services.accounts.all[account].name, reader, faults);
  return (door) => ({
    services: { ...services, now: () => services.now() + faults.clockMs(door) },
    operations: door === 'rest' ? own.operations : own.operations.map((operation) => faulty(operation, own, faults)),
  });
}

/** Keeps no process from its end. */
async function pause(ms = 0): Promise<void> {
  await sleep(ms, undefined, { ref: false });
}

/** What happens to a request before it is looked at. Throws ApiError. */
async function before(faults: Faults, target: Target): Promise<void> {
  const latency = faults.strike('latency', target);
  if (latency !== undefined) await pause(latency.ms);
  if (faults.strike('rate-limit', target)) throw errors.tooManyRequests(0, SECONDS_OF_LIMIT);
  if (faults.strike('overloaded', target)) throw errors.overloaded();
}

/** What happens when it took effect, before it is answered. Throws ApiError. */
async function after(faults: Faults, target: Target): Promise<void> {
  const late = faults.strike('late', target);
  if (late !== undefined) await pause(late.ms);
  if (faults.strike('unknown', target)) throw errors.unknownOutcome('a fault of the demo');
}

function addRestFaults(server: FastifyInstance, { services }: DoorParts, faults: Faults): void {
  const isUnharmed = ({ url }: FastifyRequest) => faults.all.length === 0 || !FAULTY.test(url);
  const targetOf = ({ headers, method, url }: FastifyRequest): Target => {
    const account = services.accounts.byKey(String(headers['x-mbx-apikey'] ?? ''))?.account.name;
    return { door: 'rest', account, isOrder: method !== 'GET' && ORDERS.test(url) };
  };
  server.addHook('onRequest', async (request, reply) => {
    if (isUnharmed(request)) return;
    const target = targetOf(request);
    if (faults.strike('disconnect', target)) {
      reply.hijack(); // nothing of it takes effect
      request.raw.socket.destroy();
      return;
    }
    await before(faults, target);
  });
  server.addHook('onSend', async (request, reply, payload) => {
    if (reply.statusCode >= 400 || isUnharmed(request)) return payload;
    try {
      await after(faults, targetOf(request));
      return payload;
    } catch (error) {
      const shown = apiErrorOf(error);
      if (shown === undefined) throw error;
      reply.status(shown.status).removeHeader('content-length');
      return JSON.stringify({ code: shown.code, msg: shown.message });
    }
  });
}

function faulty(operation: Operation, { services }: DoorParts, faults: Faults): Operation {
  return {
    ...operation,
    run: async (given, parameters, caller) => {
      const account = services.accounts.all[caller.account]?.name;
      const target: Target = { door: 'ws-api', account, isOrder: operation.trades === true };
      if (faults.all.length > 0) await before(faults, target);
      const result = await operation.run(given, parameters, caller);
      if (faults.all.length > 0) await after(faults, target);
      return result;
    },
  };
}

type Event = Parameters<Reader['hear']>[0];

/** A reader of account events that misses some, hears some twice, or late, in order. */
class FaultyReader implements Reader {
  readonly key: string;
  readonly #target: Target;
  readonly #reader: Reader;
  readonly #faults: Faults;
  #isOver = false;
  /** events that wait for those before them */
  #waiting = 0;
  #last: Promise<void> = Promise.resolve();

  constructor(account: string, reader: Reader, faults: Faults) {
    this.key = reader.key;
    this.#target = { door: 'account-stream', account, isOrder: false };
    this.#reader = reader;
    this.#faults = faults;
  }

  hear(event: Event): void {
    if (this.#isOver) return;
    const strike = (kind: 'disconnect' | 'drop' | 'duplicate' | 'latency') => this.#faults.strike(kind, this.#target);
    if (strike('disconnect')) {
      this.#isOver = true;
      this.overrun();
      return;
    }
    if (strike('drop')) return;
    const times = strike('duplicate') ? 2 : 1;
    const ms = strike('latency')?.ms ?? 0;
    if (ms > 0 || this.#waiting > 0) this.#later(event, times, ms);
    else for (let i = 0; i < times; i++) this.#reader.hear(event);
  }

  overrun(): void {
    this.#reader.overrun();
  }

  #later(event: Event, times: number, ms: number): void {
    this.#waiting++;
    const due = sleep(ms, undefined, { ref: false });
    this.#last = this.#last.then(async () => {
      await due;
      this.#waiting--;
      for (let i = 0; i < times; i++) this.#reader.hear(event);
    });
  }
}
