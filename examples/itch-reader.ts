// Reads a file of ITCH 5.0, as Nasdaq publishes its days: node itch-reader.ts [FILE]. Without one it makes a small day of its own.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import { ItchBook } from '@outcry/feed';
import { type ByteSource, itch, MessageFileReader, memorySource } from '@outcry/wire';
import { ItchDay } from '@outcry/workload';

const given = process.argv[2];
const reader = new MessageFileReader(given === undefined ? memorySource(smallDay()) : fileSource(given));
const book = new ItchBook();
const counts: Record<string, number> = {};
while (reader.next()) {
  const { name } = itch.itch.of(reader.view.getUint8(reader.at))!; // the set of all messages, by their first byte
  counts[name] = (counts[name] ?? 0) + 1;
  book.apply(reader.view, reader.at);
}
console.log(counts);
const [first] = book.symbols;
if (first === undefined) {
  console.error('The file has no stock directory: it begins in the middle of a session, or holds nothing.');
  process.exit(1);
}
const [locate, symbol] = first;
console.log(`${book.messages} messages. Best prices of ${symbol} at the end:`, book.depth(locate, 0, 2), book.depth(locate, 1, 2));
assert.equal(book.unknown, 0, 'no message meant an order that was not there');

function smallDay(): Uint8Array {
  const day: Uint8Array[] = [];
  const add = (view: DataView, bytes: number) => {
    const message = Buffer.alloc(2 + bytes);
    message.writeUInt16BE(bytes);
    message.set(new Uint8Array(view.buffer, 0, bytes), 2);
    day.push(message);
  };
  new ItchDay({ instruments: 3, messages: 2000, seed: 7 }, add).run();
  return Buffer.concat(day);
}

function fileSource(file: string): ByteSource {
  const fd = fs.openSync(file, 'r');
  return { read: (into, at, bytes) => fs.readSync(fd, into, at, bytes, null) };
}
