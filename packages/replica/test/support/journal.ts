/** A journal for tests of the follower. */
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import type { TestContext } from 'node:test';
import { Engine, type EngineLimits } from '@outcry/engine/engine';
import { LocalEvents } from '@outcry/engine/event-output';
import { JournalWriter } from '@outcry/journal/journal-writer';
import { COMMAND, command, commandHead } from '@outcry/market/command';
import { event, REPLAY_VERSION } from '@outcry/market/event';
import type { StateHash } from '@outcry/replica/checkpoint';
import { CommandStream } from '@outcry/workload/command-stream';
import { Random } from '@outcry/workload/random';
import { isCounted } from './counting-store.ts';

export const LIMITS: EngineLimits = { orders: 2000, accounts: 32, assets: 4, instruments: 4 };
export const JOURNAL = 77;

export interface WrittenJournal {
  readonly directory: string;
  /** of the last command */
  readonly sequence: number;
  /** of the engine after each command, by its number */
  readonly hashes: readonly StateHash[];
  /** events that a CountingStore counts of each command, by its number */
  readonly events: readonly number[];
}

/** A journal of random commands, in batches of up to 40, and what they lead to. */
export function writeJournal(t: TestContext, seed: number, commands: number): WrittenJournal {
  const directory = fs.mkdtempSync(path.join(os.tmpdir(), 'outcry-replica-'));
  t.after(() => fs.rmSync(directory, { recursive: true, force: true }));
  const random = new Random(seed);
  const stream = new CommandStream(random);
  const output = new LocalEvents();
  const engine = new Engine(output, LIMITS);
  const options = { directory, durability: 'os', segmentBytes: 1 << 20, partition: 0, journal: JOURNAL, version: REPLAY_VERSION } as const;
  const writer = new JournalWriter(options, 1);
  const hashes: StateHash[] = [[0, 0]];
  const events = [0];
  let batch: Uint8Array[] = [];
  const put = (i32: Int32Array, f64: Float64Array, at: number) => {
    batch.push(new Uint8Array(i32.buffer, at * 4, command.BYTES).slice());
    engine.apply(i32, f64, at);
    hashes.push([...engine.hash] as [number, number]);
    let counted = 0;
    for (let e = 0; e < output.count; e++) {
      stream.learn(output.i32, e * event.WORDS);
      if (isCounted(output.i32, e * event.WORDS)) counted++;
    }
    events.push(counted);
    output.clear();
  };
  const first = new Int32Array(command.WORDS);
  first[command.HEAD] = commandHead(COMMAND.SET_LIMITS);
  first[command.QUANTITY] = LIMITS.orders;
  first[command.ACCOUNT] = LIMITS.accounts;
  first[command.ASSET] = LIMITS.assets;
  first[command.PRICE] = LIMITS.instruments;
  put(first, new Float64Array(first.buffer), 0);
  while (engine.sequence < commands) {
    for (let n = random.between(1, 40); n > 0; n--) {
      stream.next();
      for (let i = 0; i < stream.count; i++) put(stream.i32, stream.f64, i * command.WORDS);
    }
    for (let at = 0; at < batch.length; ) {
      const count = Math.min(writer.batchRoom(), batch.length - at);
      writer.append(Buffer.concat(batch.slice(at, at + count)), undefined);
      at += count;
    }
    batch = [];
  }
  writer.close();
  return { directory, sequence: engine.sequence, hashes, events };
}
