/** Starts the wire thread, and speaks with it. */
import { Worker } from 'node:worker_threads';
import type { Outcome } from '@outcry/memory/libc';
import type { Span } from '@outcry/memory/span';
import type { Logger } from 'pino';
import type { Accounts } from '../../core/accounts/accounts.ts';
import type { AdmissionLimits } from '../../core/orders/admission.ts';
import { admissionOf } from '../../core/orders/admission.ts';
import type { ConnectionSettings, VenueConfig } from '../../domain/config.ts';
import type { Login } from '../../domain/credentials.ts';
import type { AssetDefinition, InstrumentDefinition } from '../../domain/market.ts';
import { type Crew, firstMessage } from '../../spine/crew.ts';
import type { EnginePools, VenueMemory } from '../../spine/shared.ts';
import type { ThreadPlacement } from '../../spine/thread.ts';
import { whenDead } from '../../spine/thread.ts';

/** What the wire thread begins with. */
export interface WireThreadData {
  memory: VenueMemory;
  pools: EnginePools;
  admission: AdmissionLimits;
  assets: AssetDefinition[];
  instruments: InstrumentDefinition[];
  orders: number;
  logins: readonly Login[];
  /** data directory: sequenced messages are kept in a folder of it */
  directory: string;
  host: string;
  connections: ConnectionSettings;
  /** time of day at which the sessions of SoupBinTCP end and begin anew: HH:MM, UTC */
  sessionRoll: string;
  ouch: VenueConfig['ouch'];
  itch: VenueConfig['itch'];
  /** highest references used, see Recovery */
  numbers: ReadonlyMap<number, number>;
  placement: ThreadPlacement;
}

export type WireMessage = { kind: 'logins'; logins: readonly Login[] } | { kind: 'open' } | { kind: 'stop' };

/** Its first word: it reads events, and sends the feed, which has no need of doors. */
export interface WireStart {
  ports: Ports;
  /** histograms, by what they measure */
  latencies: Record<string, Span>;
  placed: Outcome[];
}

/** What it says later: the ports of its doors, why they cannot be opened, or something for the log. */
export type WireWord = { ports: Ports } | { failure: { message: string } } | { warning: string };

export type Ports = Record<string, number | string>;

/** The thread of the industry protocols, running. */
interface Wire {
  readonly latencies: WireStart['latencies'];
  /** Opens its doors, once the order lane answers. Resolves with all its ports; rejects when one is taken. */
  open(): Promise<WireStart['ports']>;
  close(): Promise<void>;
}

export function hasWireThread(config: VenueConfig): boolean {
  return config.ouch !== undefined || config.itch !== undefined;
}

/** Starts the wire thread, its doors closed. Rejects when the feed's ports cannot be had. */
export async function startWire(config: VenueConfig, crew: Crew, accounts: Accounts, log: Logger): Promise<Wire> {
  const data: WireThreadData = {
    memory: crew.shared.memory,
    pools: crew.pools,
    admission: admissionOf(config),
    assets: config.assets,
    instruments: config.instruments,
    orders: crew.recovery.room.orders,
    logins: accounts.logins,
    directory: config.data,
    host: config.host,
    connections: config.connections,
    sessionRoll: config.sessionRoll,
    ouch: config.ouch,
    itch: config.itch,
    numbers: crew.recovery.numbers,
    placement: { cpu: config.wireCpu, realTimePriority: config.realTimePriority },
  };
  const worker = new Worker(new URL('../../threads/wire-thread.ts', import.meta.url), { workerData: data, name: 'wire' });
  const ended = new Promise<void>((resolve) => worker.once('exit', () => resolve()));
  const { ports, latencies, placed } = await firstMessage<WireStart>(worker);
  crew.placed.wire = placed;
  const opened = Promise.withResolvers<WireStart['ports']>();
  worker.on('message', (word: WireWord) => {
    if ('warning' in word) log.error({ thread: 'wire' }, word.warning);
    else if ('failure' in word) opened.reject(Object.assign(new Error(word.failure.message), word.failure));
    else opened.resolve({ ...ports, ...word.ports });
  });
  opened.promise.catch(() => undefined); // it is for whoever opens
  void ended.then(() => opened.reject(new Error('the wire thread has ended')));
  let isClosing = false;
  whenDead(
    worker,
    () => isClosing,
    (error) => crew.died('wire', error),
  );
  crew.threads.wire = worker;
  const send = (message: WireMessage) => worker.postMessage(message);
  accounts.onLogins.push((logins) => send({ kind: 'logins', logins }));
  return {
    latencies,
    open: () => {
      send({ kind: 'open' });
      return opened.promise;
    },
    close: () => {
      isClosing = true;
      send({ kind: 'stop' });
      return ended;
    },
  };
}
