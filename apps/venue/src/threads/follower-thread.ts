/** The thread of the follower: applies the journal once more, for the store, snapshots, and a comparison of hashes. */
import { parentPort, workerData } from 'node:worker_threads';
import { sleepThread } from '@outcry/memory/bell';
import { Waiter } from '@outcry/memory/waiter';
import { followUntilStopped } from '@outcry/replica/following';
import { Shared } from '../spine/shared.ts';
import { Urgency } from '../spine/urgency.ts';
import type { FollowerThreadData } from '../store/follower.ts';
import { openStore, StoreUnavailable } from '../store/store.ts';

const data = workerData as FollowerThreadData;
const port = parentPort!;
const shared = new Shared(data.memory);
const waiter = new Waiter(shared.followerBell, 'park');
const urgency = new Urgency();

const store = await openStore(data.store);

await followUntilStopped(
  {
    ...data,
    storeName: store.name,
    openStore: (unitOf) => store.writer({ journal: data.journal, orders: data.room.orders, unitOf }),
    mayPass: (error) => error instanceof StoreUnavailable,
    expectedHash: (sequence) => shared.readCheckpoint(sequence),
    onDivergence: (sequence) => {
      shared.noteDivergence();
      port.postMessage({ kind: 'diverged', message: `the follower's state differs from the engine's at command ${sequence}` });
    },
  },
  {
    durable: () => shared.durable.read(),
    isStopping: () => shared.stopping,
    now: () => performance.now(),
    sleep: sleepThread,
    wait: (work, milliseconds) => waiter.wait(work, milliseconds),
    publish: (followed, stored) => {
      shared.followed.publish(followed);
      if (stored !== undefined) shared.stored.publish(stored);
    },
    notice: (kind, message) => {
      if (kind === 'failing' || kind === 'back') shared.followerHeldUp = kind === 'failing';
      port.postMessage({ kind, message });
    },
    onBehind: (commands) => urgency.look(commands),
  },
);
port.close();
