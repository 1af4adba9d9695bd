import { Worker } from 'node:worker_threads';
import type { Logger } from 'pino';
import type { Accounts } from '../../core/accounts/accounts.ts';
import { admissionOf } from '../../core/orders/admission.ts';
import type { VenueConfig } from '../../domain/config.ts';
import { type Crew, firstMessage } from '../../spine/crew.ts';
import { whenDead } from '../../spine/thread.ts';
import type { WireMessage, WireStart, WireThreadData, WireWord } from '../../threads/wire-thread.ts';

/** The thread of the industry protocols, running. */
export interface Wire {
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
  const tell = (message: WireMessage) => worker.postMessage(message);
  accounts.onLogins.push((logins) => tell({ kind: 'logins', logins }));
  return {
    latencies,
    open: () => {
      tell({ kind: 'open' });
      return opened.promise;
    },
    close: () => {
      isClosing = true;
      tell({ kind: 'stop' });
      return ended;
    },
  };
}
