import { Worker } from 'node:worker_threads';
import type { Logger } from 'pino';
import type { Accounts } from '../core/accounts.ts';
import { admissionOf } from '../core/admission.ts';
import type { VenueConfig } from '../core/config.ts';
import { type Crew, firstMessage } from './crew.ts';
import { whenDead } from './thread.ts';
import type { WireMessage, WireStart, WireThreadData } from './wire-thread.ts';

/** The thread of the industry protocols, running. */
export interface Wire {
  readonly ports: WireStart['ports'];
  readonly latencies: WireStart['latencies'];
  close(): Promise<void>;
}

export function hasWireThread(config: VenueConfig): boolean {
  return config.ouch !== undefined || config.itch !== undefined;
}

/** Starts the wire thread. Rejects when a port is taken. */
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
  const worker = new Worker(new URL('./wire-thread.ts', import.meta.url), { workerData: data, name: 'wire' });
  const ended = new Promise<void>((resolve) => worker.once('exit', () => resolve()));
  const { ports, latencies, placed } = await firstMessage<WireStart>(worker);
  crew.placed.wire = placed;
  worker.on('message', ({ warning }: { warning: string }) => log.error({ thread: 'wire' }, warning));
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
    ports,
    latencies,
    close: () => {
      isClosing = true;
      tell({ kind: 'stop' });
      return ended;
    },
  };
}
