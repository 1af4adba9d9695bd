import assert from 'node:assert/strict';
import { EventEmitter } from 'node:events';
import { test } from 'node:test';
import type { WebSocket } from 'ws';
import { Connection } from '../src/binance/ws-connection.ts';

/** A client that reads when it is told to. */
class Reader extends EventEmitter {
  bufferedAmount = 0;
  readonly got: string[] = [];
  send(text: string): void {
    this.got.push(text);
  }
}

test('a reader that lags gets the last value of each stream, in the order of their last change, once it has caught up', async () => {
  const reader = new Reader();
  const connection = new Connection(reader as unknown as WebSocket, '127.0.0.1', 1_000_000);
  connection.sendLast('a', 'a1');
  reader.bufferedAmount = 100_000;
  for (let i = 2; i < 100; i++) {
    connection.sendLast('a', `a${i}`);
    if (i < 50) connection.sendLast('b', `b${i}`);
  }
  connection.send('an event that must not be lost');
  assert.deepEqual(reader.got, ['a1', 'an event that must not be lost']);
  reader.bufferedAmount = 0;
  while (reader.got.length < 4) await new Promise((resolve) => setTimeout(resolve, 5));
  assert.deepEqual(reader.got.slice(2), ['b49', 'a99']);
  connection.sendLast('a', 'a100');
  assert.equal(reader.got.at(-1), 'a100');
  reader.emit('close');
});
