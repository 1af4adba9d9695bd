/** A journal on disk for tests of recovery. */
import fs from 'node:fs';
import { Engine, type EngineLimits } from '@outcry/engine/engine';
import { LocalEvents } from '@outcry/engine/event-output';
import { imageOf } from '@outcry/engine/image';
import { LIMIT_NAMES } from '@outcry/engine/limits';
import { JournalWriter } from '@outcry/journal/journal-writer';
import { type SnapshotHead, writeSnapshot } from '@outcry/journal/snapshot';
import { COMMAND, command, commandHead } from '@outcry/market/command';
import { REPLAY_VERSION } from '@outcry/market/event';
import { type RecoveryOptions, recover } from '@outcry/replica/recovery';
import { type CommandFields, writeRecords } from '../../src/spine/commands.ts';
import { temporaryDirectory } from './process.ts';

export const LIMITS: EngineLimits = { orders: 10, accounts: 8, assets: 2, instruments: 1 };
const JOURNAL = 77_000_001;

/** A journal as a venue writes it, and the engine that its commands lead to. */
export class TestJournal {
  readonly directory = temporaryDirectory('recovery');
  readonly engine: Engine;
  readonly writer: JournalWriter;
  readonly journal: number;
  #time = 1_700_000_000_000_000;

  constructor(limits = LIMITS, { journal = JOURNAL, version = REPLAY_VERSION, segmentBytes = 1 << 16, beginsWithLimits = true } = {}) {
    this.journal = journal;
    this.engine = new Engine(new LocalEvents(), limits);
    const { directory } = this;
    this.writer = new JournalWriter({ directory, durability: 'fsync', segmentBytes, partition: 0, journal, version }, 1);
    if (beginsWithLimits) this.limits(limits);
  }

  limits({ orders, accounts, assets, instruments }: EngineLimits): void {
    this.append({ head: commandHead(COMMAND.SET_LIMITS), quantity: orders, account: accounts, asset: assets, price: instruments });
  }

  /** Each call is a batch. */
  append(...commands: CommandFields[]): void {
    const bytes = new ArrayBuffer(command.BYTES * commands.length);
    const [i32, f64] = [new Int32Array(bytes), new Float64Array(bytes)];
    commands.forEach((fields, n) => {
      writeRecords(i32, f64, () => n * command.WORDS, fields, this.#time++);
      this.engine.apply(i32, f64, n * command.WORDS);
    });
    if (this.writer.batchRoom() < commands.length) throw new Error('a segment of these tests ends between batches');
    this.writer.append(new Uint8Array(bytes), undefined);
  }

  openAccounts(from: number, to: number): void {
    for (let account = from; account <= to; account++) this.append({ head: commandHead(COMMAND.OPEN_ACCOUNT), account });
  }

  /** The journal mark of the last batch is only known to who reads it. */
  snapshot(batch: number, change: Partial<SnapshotHead> = {}): string {
    const { journal, engine } = this;
    const room = LIMIT_NAMES.map((name) => engine.room[name]);
    const head = { sequence: engine.sequence, journal, batch, version: REPLAY_VERSION, room, ...change };
    return writeSnapshot(this.directory, head, imageOf(engine));
  }

  remove(): void {
    fs.rmSync(this.directory, { recursive: true, force: true });
  }
}

export function recoverFrom(directory: string, options: Partial<RecoveryOptions> = {}) {
  return recover({ directory, limits: LIMITS, makeEngine: (room) => new Engine(new LocalEvents(), room), ...options });
}
