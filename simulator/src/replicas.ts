/** Compares two engines that are fed the same commands. */
import { Engine, type EngineLimits } from '@outcry/engine/engine';
import { LocalEvents } from '@outcry/engine/event-output';
import { imageOf, restoreImage } from '@outcry/engine/image';
import { stateHash } from '@outcry/engine/state-hash';
import { command } from '@outcry/market/command';
import { event } from '@outcry/market/event';
import { CommandStream } from '@outcry/workload/command-stream';
import { Random } from '@outcry/workload/random';

export const SIMULATED_LIMITS: EngineLimits = { orders: 20_000, accounts: 32, assets: 4, instruments: 4 };

interface ReplicaReport {
  commands: number;
  stateHash: string;
  /** times that the states were compared, and that the replica went on from a snapshot */
  comparisons: number;
  snapshots: number;
  openOrders: number;
  trades: number;
}

/** Commands between two comparisons. */
const COMPARE_EVERY = 100_000;

/**
 * Feeds an engine and a replica the same random commands, and compares their states to the byte as they go; every other time the
 * replica is thrown away and goes on from the primary's snapshot. Throws at the first difference.
 */
export function compareReplicas(seed: number, commands: number, onProgress: (done: number) => void = () => {}): ReplicaReport {
  const events = new LocalEvents(1024);
  const primary = new Engine(events, SIMULATED_LIMITS);
  const replicaEvents = new LocalEvents(1024);
  let replica = new Engine(replicaEvents, SIMULATED_LIMITS);
  const stream = new CommandStream(new Random(seed));
  const report: ReplicaReport = { commands: 0, stateHash: '', comparisons: 0, snapshots: 0, openOrders: 0, trades: 0 };
  let next = COMPARE_EVERY;
  while (primary.sequence < commands) {
    stream.next();
    for (let i = 0; i < stream.count; i++) {
      const at = i * command.WORDS;
      primary.apply(stream.i32, stream.f64, at);
      replica.apply(stream.i32, stream.f64, at);
      for (let e = 0; e < events.count; e++) stream.learn(events.i32, e * event.WORDS);
      events.clear();
      replicaEvents.clear();
    }
    if (primary.sequence < next && primary.sequence < commands) continue;
    next += COMPARE_EVERY;
    report.comparisons++;
    report.stateHash = stateHash(primary);
    if (stateHash(replica) !== report.stateHash) throw new Error(`seed ${seed}: the replica differs at command ${primary.sequence}`);
    for (let asset = 0; asset < SIMULATED_LIMITS.assets; asset++) {
      if (primary.ledger.discrepancy(asset) !== 0) throw new Error(`seed ${seed}: asset ${asset} is not conserved at ${primary.sequence}`);
    }
    onProgress(primary.sequence);
    if (report.comparisons % 2 === 0) {
      const image = imageOf(primary).map((part) => Uint8Array.from(part));
      replica = new Engine(replicaEvents, SIMULATED_LIMITS);
      restoreImage(replica, image);
      report.snapshots++;
    }
  }
  report.commands = primary.sequence;
  report.openOrders = primary.memory.orders.inUse;
  for (let i = 0; i < primary.instruments.books.length; i++) report.trades += primary.instruments.f64[i * 8 + 6];
  return report;
}
