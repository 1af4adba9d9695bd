/** One WebSocket connection: conflation, order, and writes. */
import assert from 'node:assert/strict';
import { EventEmitter } from 'node:events';
import type { Duplex } from 'node:stream';
import { test } from 'node:test';
import type { WebSocket } from 'ws';
import { Outbox } from '../src/doors/binance/outbox.ts';
import { Connection } from '../src/doors/binance/ws-connection.ts';

/** A client that reads when it is told to: what is written stays in the socket's buffer until then. */
class Reader extends EventEmitter {
  writableLength = 0;
  readonly writableHighWaterMark = 64 * 1024;
  readonly got: string[] = [];
  closed: { code: number; reason: string } | undefined;

  write(bytes: Buffer): boolean {
    this.got.push(bytes.toString());
    return true;
  }
  send(text: string): void {
    this.got.push(text);
  }
  close(code: number, reason: string): void {
    this.closed = { code, reason };
  }
  terminate(): void {}

  read(): void {
    this.writableLength = 0;
    this.emit('drain');
  }
}

function connect(bufferBytes = 1_000_000) {
  const reader = new Reader();
  const outbox = new Outbox(() => undefined);
  const connection = new Connection(reader as unknown as WebSocket, reader as unknown as Duplex, '127.0.0.1', bufferBytes, outbox);
  const last = (key: string, text: string) => connection.queueLast(key, Buffer.from(text));
  return { reader, connection, last, flush: () => outbox.flush(1) };
}

test('a reader that lags gets the last value of each stream, in the order of their last change, once it has caught up', () => {
  const { reader, connection, last, flush } = connect();
  last('a', 'a1');
  flush();
  reader.writableLength = 100_000;
  for (let i = 2; i < 100; i++) {
    last('a', `a${i}`);
    if (i < 50) last('b', `b${i}`);
  }
  connection.send('an event that must not be lost');
  flush();
  assert.deepEqual(reader.got, ['a1', 'an event that must not be lost']);
  reader.read();
  flush();
  assert.deepEqual(reader.got.slice(2), ['b49a99']);
  last('a', 'a100');
  flush();
  assert.equal(reader.got.at(-1), 'a100');
});

test('last values that wait behind frames of the same turn go with the next write, also when nothing is left to be read', () => {
  const { reader, connection, last, flush } = connect();
  connection.queue(Buffer.alloc(70_000, 'x'));
  last('a', 'a1');
  last('a', 'a2');
  flush();
  flush();
  assert.deepEqual(reader.got.slice(1), ['a2']);
});

test('all frames of a turn are one write', () => {
  const { reader, connection, flush } = connect();
  for (const text of ['one ', 'two ', 'three']) connection.queue(Buffer.from(text));
  assert.deepEqual(reader.got, []);
  flush();
  assert.deepEqual(reader.got, ['one two three']);
});

test('what one turn brings is bounded too: a reader that does not read is disconnected while there is more to come', () => {
  const { reader, connection } = connect(4_000_000);
  const frame = Buffer.alloc(600);
  let bytes = 0;
  const write = reader.write.bind(reader);
  reader.write = (part: Buffer) => {
    bytes += part.length;
    reader.writableLength += part.length;
    return write(part);
  };
  for (let i = 0; i < 65_000; i++) connection.queue(frame); // one command of a large account, to a reader that has no turn meanwhile
  assert.ok(bytes < 5_000_000, `${bytes} bytes are kept`);
  assert.equal(reader.closed?.code, 1008);
});

test('what one turn brings reaches a reader that reads, however much it is', () => {
  const { reader, connection, flush } = connect(1_000_000);
  for (let i = 0; i < 65_000; i++) connection.queue(Buffer.alloc(600));
  flush();
  assert.deepEqual([reader.got.join('').length, reader.closed], [65_000 * 600, undefined]);
});

test('values that waited while a turn was written are written after it, and so is what comes later', async () => {
  const reader = new Reader();
  const connection = new Connection(reader as unknown as WebSocket, reader as unknown as Duplex, '127.0.0.1', 1_000_000, Outbox.atOnce());
  connection.queue(Buffer.alloc(70_000, 'x'));
  connection.queueLast('a', Buffer.from('a1'));
  await Promise.resolve();
  connection.queue(Buffer.from('later'));
  await Promise.resolve();
  assert.deepEqual(reader.got.slice(1), ['a1', 'later']);
});

test('one that leaves too much unread is disconnected, and nothing more is kept for it', () => {
  const { reader, connection, flush } = connect(1000);
  connection.queue(Buffer.from('kept'));
  reader.writableLength = 1001;
  flush();
  assert.deepEqual(reader.closed, { code: 1008, reason: 'slow consumer: too much unread data' });
  reader.read();
  connection.queue(Buffer.from('never'));
  flush();
  assert.deepEqual(reader.got, []);
});
