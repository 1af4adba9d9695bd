import assert from 'node:assert/strict';
import fs from 'node:fs';
import { describe, it } from 'node:test';
import { Engine } from '@outcry/engine/engine';
import { LocalEvents } from '@outcry/engine/event-output';
import { JournalWriter } from '@outcry/journal/journal-writer';
import { COMMAND, command, commandHead } from '@outcry/market/command';
import { STORY_VERSION } from '@outcry/market/event';
import { recover } from '../src/threads/recovery.ts';
import { CHECKPOINT_EVERY } from '../src/threads/shared.ts';
import { temporaryDirectory } from './support/process.ts';

const LIMITS = { orders: 10, accounts: 4, assets: 2, instruments: 1 };

/** A journal that ends with what the state was after its first commands, as the venue writes it. @param change added to the hash */
function journal(change: number): string {
  const directory = temporaryDirectory('recovery');
  const writer = new JournalWriter({ directory, durability: 'os', segmentBytes: 1 << 20, partition: 0 }, 1);
  const engine = new Engine(new LocalEvents(), LIMITS);
  const record = new ArrayBuffer(command.BYTES);
  const [i32, f64] = [new Int32Array(record), new Float64Array(record)];
  const append = () => {
    assert.ok(writer.batchRoom() > 0);
    writer.append(new Uint8Array(record), undefined);
    engine.apply(i32, f64, 0);
  };
  for (let n = 0; n < CHECKPOINT_EVERY; n++) {
    i32[command.HEAD] = commandHead(COMMAND.OPEN_ACCOUNT);
    i32[command.ACCOUNT] = n % 5; // every fifth is refused
    append();
  }
  const [low, high] = engine.hash;
  i32.fill(0);
  i32[command.HEAD] = commandHead(COMMAND.CHECK);
  i32[command.ASSET] = STORY_VERSION;
  f64[command.F64_AMOUNT] = CHECKPOINT_EVERY;
  i32[command.CLIENT_LOW] = low + change;
  i32[command.CLIENT_HIGH] = high;
  append();
  writer.close();
  return directory;
}

describe('the state that the venue journaled of itself', () => {
  it('is compared when the journal is read again', (t) => {
    const directory = journal(0);
    t.after(() => fs.rmSync(directory, { recursive: true }));
    assert.equal(recover(new Engine(new LocalEvents(), LIMITS), directory).sequence, CHECKPOINT_EVERY + 1);
  });

  it('stops the start when it is another one', (t) => {
    const directory = journal(1);
    t.after(() => fs.rmSync(directory, { recursive: true }));
    const again = () => recover(new Engine(new LocalEvents(), LIMITS), directory);
    assert.throws(again, /command 1025 of the journal says that the state after command 1024 was another one/);
  });
});
