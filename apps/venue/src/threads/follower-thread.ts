/** The thread of the follower: applies the journal once more, for the store, snapshots, and a comparison of hashes. */
import path from 'node:path';
import { parentPort, workerData } from 'node:worker_threads';
import { sleepThread } from '@outcry/memory/bell';
import { Waiter } from '@outcry/memory/waiter';
import { followUntilStopped } from '@outcry/replica/following';
import { Shared } from '../spine/shared.ts';
import { Urgency } from '../spine/urgency.ts';
import type { FollowerThreadData } from '../store/follower.ts';
import { StoreWriter } from '../store/sqlite/store-writer.ts';

const data = workerData as FollowerThreadData;
const port = parentPort!;
const shared = new Shared(data.memory);
const waiter = new Waiter(shared.followerBell, 'park');
const urgency = new Urgency();

followUntilStopped(
  {
    ...data,
    storeName: path.basename(data.database),
    openStore: (unitOf) => new StoreWriter(data.database, data.journal, data.room.orders, unitOf),
    mayPass: (error) => (error as { code?: string }).code === 'ERR_SQLITE_ERROR', // it is locked, full or was replaced
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
