/** WebSocket frames of the venue, read by another library's parser. */
import assert from 'node:assert/strict';
import type { Writable } from 'node:stream';
import { test } from 'node:test';
import fc from 'fast-check';
import * as ws from 'ws';
import { textFrame } from '../src/doors/binance/frame.ts';

/** The parser of ws, which its clients use; its types do not tell of it. */
const { Receiver } = ws as unknown as { Receiver: new (options: { isServer: boolean }) => Writable };

/** What a client's parser makes of some bytes from a server, that come in pieces. */
function messagesOf(bytes: Buffer, piece: number): string[] {
  const messages: string[] = [];
  const receiver = new Receiver({ isServer: false });
  receiver.on('message', (data) => messages.push(String(data)));
  for (let at = 0; at < bytes.length; at += piece) receiver.write(bytes.subarray(at, at + piece));
  return messages;
}

test('frames of every length, one after the other, are the messages that they were made of', () => {
  const edges = [0, 1, 125, 126, 127, 65_535, 65_536, 70_000].map((length) => 'x'.repeat(length));
  assert.deepEqual(messagesOf(Buffer.concat(edges.map(textFrame)), 1 << 20), edges);
  fc.assert(
    fc.property(
      fc.array(fc.string({ unit: 'grapheme', maxLength: 200 }), { maxLength: 20 }),
      fc.integer({ min: 1, max: 300 }),
      (texts, piece) => {
        assert.deepEqual(messagesOf(Buffer.concat(texts.map(textFrame)), piece), texts);
      },
    ),
  );
});
