/** Journals and stores that do not fit together: the start says so, or mends it. */
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { stateHash } from '@outcry/engine/state-hash';
import { NOTE_FILE } from '@outcry/journal/durable-note';
import { batchHead, RECORD_BYTES, SECTOR, segmentHead } from '@outcry/journal/format';
import { JournalReader } from '@outcry/journal/journal-reader';
import { listSegments } from '@outcry/journal/segments';
import { COMMAND, commandHead } from '@outcry/market/command';
import { REPLAY_VERSION } from '@outcry/market/event';
import { CHECKPOINT_EVERY } from '@outcry/replica/checkpoint';
import { LIMITS, recoverFrom, TestJournal } from './support/journal.ts';

function journalOf(t: TestContext, ...options: ConstructorParameters<typeof TestJournal>): TestJournal {
  const journal = new TestJournal(...options);
  t.after(() => journal.remove());
  return journal;
}

/** The journal mark of the batch that ends with a command. */
function journalMarkAt(directory: string, sequence: number): number {
  const reader = new JournalReader(directory, 1);
  while (reader.nextSequence <= sequence) reader.read();
  reader.close();
  return reader.journalMark;
}

describe('the state that the venue journaled of itself', () => {
  /** A journal that ends with what the state was after its first commands, as the venue writes it. @param change added to the hash */
  function checked(t: TestContext, change: number): TestJournal {
    const journal = journalOf(t, LIMITS, { segmentBytes: 1 << 20 });
    for (let n = 1; n < CHECKPOINT_EVERY; n++) journal.append({ head: commandHead(COMMAND.OPEN_ACCOUNT), account: n % 9 }); // some are refused
    const [low, high] = journal.engine.hash;
    journal.append({ head: commandHead(COMMAND.CHECK), asset: REPLAY_VERSION, amount: CHECKPOINT_EVERY, client: [low + change, high] });
    return journal;
  }

  it('is compared when the journal is read again', (t) => {
    const { directory } = checked(t, 0);
    assert.equal(recoverFrom(directory).recovery.sequence, CHECKPOINT_EVERY + 1);
  });

  it('stops the start when it is another one', (t) => {
    const { directory } = checked(t, 1);
    assert.throws(() => recoverFrom(directory), /command 1025 of the journal says that the state after command 1024 was another one/);
  });
});

describe('a journal that another engine wrote', () => {
  it('is not replayed by this one, and says which wrote it', (t) => {
    const { directory } = journalOf(t, LIMITS, { version: REPLAY_VERSION + 1 });
    const message = `command 1 of the journal was written for version ${REPLAY_VERSION + 1} of the engine, and this is version ${REPLAY_VERSION}`;
    assert.throws(() => recoverFrom(directory), new RegExp(`${message}.*Start the release of Outcry that wrote it`));
  });

  it('is not replayed without the limits that decided what it refused', (t) => {
    const journal = journalOf(t, LIMITS, { beginsWithLimits: false });
    journal.openAccounts(0, 1);
    assert.throws(() => recoverFrom(journal.directory), /the journal does not begin with the venue's limits/);
  });
});

describe('the limits', () => {
  const order = (account: number, n: number) => ({
    head: commandHead(COMMAND.NEW_ORDER, 0),
    account,
    instrument: 0,
    price: 100 - n,
    quantity: 1,
    client: [n + 1, 1] as const,
  });

  /** Nine orders where five may rest, then ten, then five again where ten rest. */
  function tight(t: TestContext): TestJournal {
    const journal = journalOf(t, { ...LIMITS, orders: 10 });
    journal.limits({ ...LIMITS, orders: 5 });
    for (const asset of [0, 1]) journal.append({ head: commandHead(COMMAND.DEFINE_ASSET), asset });
    journal.openAccounts(0, 1);
    journal.append({ head: commandHead(COMMAND.DEFINE_INSTRUMENT), instrument: 0, account: 0, asset: 1, amount: 1, unit: 1 });
    journal.append({ head: commandHead(COMMAND.DEPOSIT), account: 1, asset: 1, amount: 1_000_000 });
    for (let n = 0; n < 9; n++) journal.append(order(1, n));
    assert.equal(journal.engine.memory.orders.inUse, 5, 'four were refused');
    journal.limits({ ...LIMITS, orders: 10 });
    for (let n = 10; n < 18; n++) journal.append(order(1, n));
    assert.equal(journal.engine.memory.orders.inUse, 10);
    journal.limits({ ...LIMITS, orders: 5 });
    assert.equal(journal.engine.limits.orders, 10, 'ten orders are open: refused');
    return journal;
  }

  it('that refused an order refuse it again, and those that took one take it, whatever is configured now', (t) => {
    const journal = tight(t);
    for (const orders of [1, 5, 10, 1000]) {
      for (const rest of [LIMITS, { ...LIMITS, accounts: 100, assets: 60, instruments: 30 }]) {
        const { engine, recovery } = recoverFrom(journal.directory, { limits: { ...rest, orders } });
        assert.deepEqual(engine.hash, journal.engine.hash);
        assert.equal(engine.memory.orders.inUse, 10);
        assert.deepEqual(recovery.limits, { ...LIMITS, orders: 10 });
        assert.deepEqual(recovery.inUse, { orders: 10, accounts: 2, assets: 2, instruments: 1 });
        assert.ok(recovery.room.orders >= Math.max(orders, 10));
      }
    }
  });

  it('come back with a snapshot, taken and loaded under other configurations', (t) => {
    const journal = tight(t);
    const wide = { orders: 500, accounts: 90, assets: 33, instruments: 20 };
    const { engine } = recoverFrom(journal.directory, { limits: wide });
    (journal as { engine: typeof engine }).engine = engine;
    journal.snapshot(journalMarkAt(journal.directory, engine.sequence));
    for (const limits of [LIMITS, wide, { ...wide, assets: 60 }]) {
      const again = recoverFrom(journal.directory, { limits });
      assert.equal(again.recovery.snapshot, engine.sequence);
      assert.deepEqual(again.engine.hash, engine.hash);
      assert.deepEqual(again.recovery.limits, { ...LIMITS, orders: 10 });
      assert.equal(again.engine.ledger.available(1, 1), engine.ledger.available(1, 1));
      assert.equal(again.engine.ledger.discrepancy(1), 0);
    }
    assert.equal(stateHash(recoverFrom(journal.directory, { limits: wide }).engine), stateHash(engine));
  });
});

describe('an end of the journal that a crash explains', () => {
  it('is cut, kept in a file, and named', (t) => {
    const journal = journalOf(t, LIMITS);
    journal.openAccounts(0, 5);
    const { path: file, firstSequence } = listSegments(journal.directory)[0];
    assert.equal(firstSequence, 1);
    const note = fs.readFileSync(path.join(journal.directory, NOTE_FILE));
    const before = fs.readFileSync(file);
    journal.append(...Array.from({ length: 20 }, (_, account) => ({ head: commandHead(COMMAND.OPEN_ACCOUNT), account: account % 8 })));
    const start = segmentHead.BYTES + 7 * (batchHead.BYTES + RECORD_BYTES);
    const whole = fs.readFileSync(file);
    fs.writeFileSync(path.join(journal.directory, NOTE_FILE), note); // the power went before the batch was durable
    for (let sector = Math.ceil(start / SECTOR); sector * SECTOR < start + 21 * RECORD_BYTES; sector++) {
      const torn = Buffer.from(whole);
      torn.fill(0, sector * SECTOR, (sector + 1) * SECTOR);
      fs.writeFileSync(file, torn);
      const { recovery, engine } = recoverFrom(journal.directory);
      assert.equal(recovery.sequence, 7);
      assert.equal(engine.ledger.accounts, 6);
      assert.deepEqual(fs.readFileSync(recovery.cut!.file), torn.subarray(start, start + recovery.cut!.bytes));
      assert.deepEqual(fs.readFileSync(file), before, 'nothing is left of it');
      fs.rmSync(recovery.cut!.file);
    }
  });

  for (const [what, content] of [
    ['empty', Buffer.alloc(0)],
    ['of zeros', Buffer.alloc(1 << 16)],
    ['with half a head', Buffer.from('OUTCRYJ2 and')],
  ] as const) {
    it(`may be a segment that is ${what}`, (t) => {
      const journal = journalOf(t);
      journal.openAccounts(0, 3);
      const file = path.join(journal.directory, 'journal-0000000000000006.log');
      fs.writeFileSync(file, content);
      assert.equal(recoverFrom(journal.directory).recovery.sequence, 5);
      assert.ok(!fs.existsSync(file), 'the next batch makes it anew, where it belongs');
      fs.writeFileSync(path.join(journal.directory, 'journal-0000000000000009.log'), content);
      assert.equal(recoverFrom(journal.directory).recovery.sequence, 5);
    });
  }

  it('may come before there is any segment', (t) => {
    const journal = journalOf(t);
    for (const { path: file } of listSegments(journal.directory)) fs.rmSync(file);
    fs.rmSync(path.join(journal.directory, NOTE_FILE));
    fs.writeFileSync(path.join(journal.directory, 'journal-0000000000000001.log'), '');
    assert.equal(recoverFrom(journal.directory).recovery.sequence, 0);
    fs.writeFileSync(path.join(journal.directory, 'segment.tmp'), 'half');
    assert.equal(recoverFrom(journal.directory).recovery.sequence, 0);
    assert.deepEqual(fs.readdirSync(journal.directory), []);
  });
});

describe('commands that were acknowledged', () => {
  it('are missed by what else knows them, before anything is cut', (t) => {
    const journal = journalOf(t);
    journal.openAccounts(0, 5);
    const { directory } = journal;
    const [{ path: segment }] = listSegments(directory);
    const last = segmentHead.BYTES + 6 * (batchHead.BYTES + RECORD_BYTES);
    const note = path.join(directory, NOTE_FILE);
    const noteBytes = fs.readFileSync(note);
    const whole = fs.readFileSync(segment);
    const snapshot = journal.snapshot(journalMarkAt(directory, 7));
    const snapshotBytes = fs.readFileSync(snapshot);
    const stored = { file: '/somewhere/store.sqlite', journal: journal.journal, sequence: 7 };
    const knowers = [
      ['snapshot-0000000000000007.img', () => fs.writeFileSync(snapshot, snapshotBytes), undefined],
      ['durable.mark', () => fs.writeFileSync(note, noteBytes), undefined],
      ['store.sqlite', () => undefined, stored],
    ] as const;
    for (const [what, put, store] of knowers) {
      for (const [kind, change] of [
        ['', (bytes: Buffer) => bytes.fill(0, last)],
        ['torn', (bytes: Buffer) => bytes.fill(0, last + batchHead.BYTES)],
        ['rotten', (bytes: Buffer) => bytes.writeUInt8(bytes[last + 70] ^ 1, last + 70)],
      ] as const) {
        for (const file of [snapshot, note]) fs.rmSync(file, { force: true });
        put();
        const bytes = Buffer.from(whole);
        change(bytes);
        fs.writeFileSync(segment, bytes);
        const names = fs.readdirSync(directory);
        assert.throws(
          () => recoverFrom(directory, { stored: store }),
          (error: Error) => {
            assert.match(error.message, new RegExp(`the journal ends at command 6, but ${what} knows command 7`));
            assert.match(error.message, new RegExp(kind === '' ? 'are missing\\. Restore' : `is ${kind}: `));
            assert.match(error.message, /--accept-journal-loss 6/);
            return true;
          },
        );
        assert.deepEqual(fs.readFileSync(segment), bytes, 'nothing was touched');
        assert.deepEqual(fs.readdirSync(directory), names);
      }
    }
  });

  it('are the whole journal where its directory is empty: a store, or a snapshot, that was left is enough to say so', (t) => {
    const journal = journalOf(t);
    journal.openAccounts(0, 5);
    const { directory } = journal;
    const snapshot = journal.snapshot(journalMarkAt(directory, 7));
    const stored = { file: '/somewhere/store.sqlite', journal: journal.journal, sequence: 7 };
    for (const { path: segment } of listSegments(directory)) fs.rmSync(segment);
    fs.rmSync(path.join(directory, NOTE_FILE));
    assert.throws(() => recoverFrom(directory), /the journal is missing, but snapshot-0+7\.img knows command 7/);
    fs.rmSync(snapshot);
    assert.throws(
      () => recoverFrom(directory, { stored }),
      /the journal is missing, but store\.sqlite knows command 7: .* Restore the journal directory .*--accept-journal-loss 0' begins anew.*storeFile/s,
    );
    const { recovery } = recoverFrom(directory, { stored, acceptLoss: 0 });
    assert.deepEqual([recovery.sequence, recovery.acceptedLoss], [0, true]);
  });

  it('may be among those of a last batch that rotted, whichever bit of it: it is not cut', (t) => {
    const journal = journalOf(t);
    journal.openAccounts(0, 5);
    const [{ path: segment }] = listSegments(journal.directory);
    fs.rmSync(path.join(journal.directory, NOTE_FILE)); // nothing else knows of it
    const whole = fs.readFileSync(segment);
    const last = segmentHead.BYTES + 6 * (batchHead.BYTES + RECORD_BYTES);
    for (let bit = 0; bit < (batchHead.BYTES + RECORD_BYTES) * 8; bit++) {
      const bytes = Buffer.from(whole);
      bytes[last + (bit >> 3)] ^= 1 << (bit & 7);
      fs.writeFileSync(segment, bytes);
      assert.throws(
        () => recoverFrom(journal.directory),
        /the last batch, after command 6, .* damaged in a way that no crash explains/,
        `bit ${bit}`,
      );
    }
  });

  it('are given up only for the word that names the last one that is kept; what knew them is set aside', (t) => {
    const journal = journalOf(t);
    journal.openAccounts(0, 5);
    const { directory } = journal;
    journal.snapshot(journalMarkAt(directory, 7));
    const [{ path: segment }] = listSegments(directory);
    const bytes = fs.readFileSync(segment);
    const last = segmentHead.BYTES + 6 * (batchHead.BYTES + RECORD_BYTES);
    bytes[last + 70] ^= 1;
    fs.writeFileSync(segment, bytes);
    assert.throws(() => recoverFrom(directory, { acceptLoss: 5 }), /--accept-journal-loss says 5.*--accept-journal-loss 6/s);
    const { recovery, engine } = recoverFrom(directory, { acceptLoss: 6 });
    assert.equal(recovery.sequence, 6);
    assert.equal(engine.ledger.accounts, 5);
    assert.ok(recovery.acceptedLoss);
    assert.equal(fs.readFileSync(recovery.cut!.file).length, batchHead.BYTES + RECORD_BYTES);
    const names = fs.readdirSync(directory);
    assert.ok(names.includes('cut-snapshot-0000000000000007.img') && !names.includes('snapshot-0000000000000007.img'));
    // Its writer notes where it goes on; then nothing is missing any more.
    fs.rmSync(path.join(directory, NOTE_FILE));
    assert.equal(recoverFrom(directory).recovery.sequence, 6);
    assert.throws(
      () => recoverFrom(directory, { acceptLoss: 6 }),
      /no acknowledged command is missing.*Start without --accept-journal-loss/,
    );
  });

  it('are missed where the whole journal is gone', (t) => {
    const journal = journalOf(t);
    for (const { path: file } of listSegments(journal.directory)) fs.rmSync(file);
    assert.throws(() => recoverFrom(journal.directory), /the journal is missing, but durable\.mark knows command 1/);
  });
});

describe('a snapshot', () => {
  it('is passed over, with a word on why, when it is not what its name and its place say', (t) => {
    const journal = journalOf(t);
    journal.openAccounts(0, 3);
    const { directory } = journal;
    const place = journalMarkAt(directory, 5);
    const cases: [string, () => string, RegExp][] = [
      ['another name', () => rename(journal.snapshot(place), 3), /snapshot-0000000000000003\.img is of command 5, as its head says/],
      [
        'another content',
        () => journal.snapshot(journalMarkAt(directory, 4), { sequence: 4 }),
        /holds the state after command 5, and not what its head says/,
      ],
      [
        'another owner',
        () => journal.snapshot(place, { journal: 5 }),
        /is of another journal \(5, not 77000001\): it is not used; move it away/,
      ],
      ['another place', () => journal.snapshot(place + 1), /is of another life of this journal/],
      ['another engine', () => journal.snapshot(place, { version: 77 }), /is of version 77 of the engine: it is not used/],
      ['broken', () => spoil(journal.snapshot(place)), /part \d+ is broken/],
      ['foreign', () => write(directory, 'snapshot-0000000000000002.img', 'hello'), /is not a snapshot/],
    ];
    for (const [what, make, message] of cases) {
      const file = make();
      const { recovery, engine } = recoverFrom(directory);
      assert.equal(recovery.snapshot, 0, what);
      assert.equal(recovery.warnings.length, 1, what);
      assert.match(recovery.warnings[0], message);
      assert.deepEqual(engine.hash, journal.engine.hash);
      fs.rmSync(file);
    }
    journal.snapshot(place);
    const { recovery } = recoverFrom(directory);
    assert.deepEqual([recovery.snapshot, recovery.warnings], [5, []]);
  });

  function rename(file: string, sequence: number): string {
    const renamed = path.join(path.dirname(file), `snapshot-${String(sequence).padStart(16, '0')}.img`);
    fs.renameSync(file, renamed);
    return renamed;
  }
  function spoil(file: string): string {
    const bytes = fs.readFileSync(file);
    bytes[bytes.length - 1] ^= 1;
    fs.writeFileSync(file, bytes);
    return file;
  }
  function write(directory: string, name: string, content: string): string {
    fs.writeFileSync(path.join(directory, name), content);
    return path.join(directory, name);
  }
});

describe('files of two journals in one directory', () => {
  it('are told apart, with what to do', (t) => {
    const [one, other] = [journalOf(t), journalOf(t, LIMITS, { journal: 5 })];
    for (const each of [one, other]) each.openAccounts(0, 3);
    const note = path.join(one.directory, NOTE_FILE);
    const own = fs.readFileSync(note);
    fs.copyFileSync(path.join(other.directory, NOTE_FILE), note);
    assert.throws(() => recoverFrom(one.directory), /durable\.mark is of journal 5, the segments of journal 77000001\. Put .* there/);
    fs.writeFileSync(note, own);
    fs.copyFileSync(listSegments(other.directory)[0].path, path.join(one.directory, 'journal-0000000000000001.log'));
    assert.throws(() => recoverFrom(one.directory), /durable\.mark is of journal 77000001, the segments of journal 5/);
    const life = journalOf(t, LIMITS);
    for (let n = 0; n < 4; n++) life.append({ head: commandHead(COMMAND.CLOCK) });
    fs.copyFileSync(listSegments(life.directory)[0].path, path.join(one.directory, 'journal-0000000000000001.log'));
    assert.throws(() => recoverFrom(one.directory), /of another life of this venue than durable\.mark/);
  });

  it('and files that are no journal’s are named', (t) => {
    const journal = journalOf(t);
    fs.writeFileSync(path.join(journal.directory, 'notes.txt'), 'x');
    assert.match(
      recoverFrom(journal.directory).recovery.warnings.join(),
      /notes\.txt in .* is not the journal's: it is not used; move it elsewhere/,
    );
  });
});
