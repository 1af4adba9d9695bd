import assert from 'node:assert/strict';
import { test } from 'node:test';
import { viewOf, WIRE_ERROR } from '@outcry/wire/layout';
import { END_OF_SESSION, MOLD_HEAD, MoldPacker, MoldReader, sessionBytes, writeMoldHead } from '@outcry/wire/mold';
import {
  beginPacket,
  LOGIN_ACCEPTED_BYTES,
  LOGIN_REQUEST_BYTES,
  readLogin,
  readLoginAccepted,
  SOUP,
  SOUP_HEAD,
  SoupFramer,
  writeLogin,
  writeLoginAccepted,
} from '@outcry/wire/soup';
import fc from 'fast-check';

test('a SoupBinTCP stream cut anywhere gives the same packets', () => {
  const packets = fc.array(fc.tuple(fc.constantFrom('S', 'U', 'H', '+'), fc.uint8Array({ maxLength: 60 })), { maxLength: 20 });
  fc.assert(
    fc.property(packets, fc.array(fc.integer({ min: 1, max: 70 }), { minLength: 1 }), (sent, cuts) => {
      const stream = Buffer.concat(
        sent.map(([type, payload]) => {
          const bytes = new Uint8Array(SOUP_HEAD + payload.length);
          bytes.set(payload, beginPacket(viewOf(bytes), 0, type.charCodeAt(0), payload.length));
          return bytes;
        }),
      );
      const framer = new SoupFramer(60);
      const received: [string, number[]][] = [];
      for (let at = 0, i = 0; at < stream.length; i++) {
        const piece = stream.subarray(at, at + cuts[i % cuts.length]);
        at += piece.length;
        framer.push(piece);
        while (framer.next()) {
          const bytes = new Uint8Array(framer.view.buffer, framer.view.byteOffset + framer.at, framer.bytes);
          received.push([String.fromCharCode(framer.type), [...bytes]]);
        }
      }
      assert.deepEqual(
        received,
        sent.map(([type, payload]) => [type, [...payload]]),
      );
      assert.equal(framer.isBroken, false);
    }),
  );
});

test('a packet without a type, or longer than allowed, breaks the stream for good', () => {
  for (const bytes of [
    [0, 0, 1, 2],
    [0, 62, 0x53],
  ]) {
    const framer = new SoupFramer(60);
    framer.push(Uint8Array.from(bytes));
    assert.equal(framer.next(), false);
    assert.equal(framer.isBroken, true);
    framer.push(Uint8Array.from([0, 1, 0x48]));
    assert.equal(framer.next(), false);
  }
});

test('random bytes at a framer end in packets or a broken stream', () => {
  fc.assert(
    fc.property(fc.array(fc.uint8Array({ maxLength: 50 })), (pieces) => {
      const framer = new SoupFramer(40);
      for (const piece of pieces) {
        framer.push(piece);
        for (let count = 0; framer.next(); count++) assert.ok(count <= piece.length + 40);
      }
    }),
    { numRuns: 2000 },
  );
});

test('logins read back as they were written; a sequence number that is none is NaN', () => {
  const bytes = new Uint8Array(64);
  const view = viewOf(bytes);
  const login = { user: 'ALICE', password: 'secret', session: '0000000042', sequence: 17 };
  assert.equal(writeLogin(view, 0, login), LOGIN_REQUEST_BYTES);
  assert.deepEqual(readLogin(view, SOUP_HEAD, LOGIN_REQUEST_BYTES - SOUP_HEAD), login);
  assert.equal(view.getUint8(2), SOUP.LOGIN_REQUEST);
  view.setUint8(SOUP_HEAD + 40, 0x58);
  assert.ok(Number.isNaN(readLogin(view, SOUP_HEAD, 46)?.sequence));
  assert.equal(readLogin(view, SOUP_HEAD, 45), undefined);
  assert.equal(writeLoginAccepted(view, 0, 'DAY', 5), LOGIN_ACCEPTED_BYTES);
  assert.deepEqual(readLoginAccepted(view, SOUP_HEAD, 30), { session: 'DAY', sequence: 5 });
});

test('messages packed into a MoldUDP64 datagram come out in order, with their numbers', () => {
  const payloads = fc.array(fc.uint8Array({ minLength: 1, maxLength: 50 }), { maxLength: 10 });
  fc.assert(
    fc.property(payloads, fc.nat(2 ** 40), (sent, first) => {
      const packer = new MoldPacker('TODAY', 400);
      const packed = sent.filter((payload) => {
        const at = packer.claim(payload.length);
        if (at >= 0) packer.bytes.set(payload, at);
        return at >= 0;
      });
      const bytes = packer.seal(first);
      const reader = new MoldReader();
      assert.equal(reader.open(packer.view, 0, bytes), 0);
      assert.equal(reader.session, 'TODAY');
      assert.equal(reader.isOf(sessionBytes('TODAY')), true);
      assert.equal(reader.isOf(sessionBytes('TODAYS')), false);
      assert.equal(reader.nextSequence, first + packed.length);
      for (const [i, payload] of packed.entries()) {
        assert.equal(reader.next(), true);
        assert.equal(reader.sequence, first + i);
        assert.deepEqual([...packer.bytes.subarray(reader.at, reader.at + reader.bytes)], [...payload]);
      }
      assert.equal(reader.next(), false);
    }),
  );
});

test('a datagram that lies about its count or lengths shows no message at all', () => {
  const view = new DataView(new ArrayBuffer(64));
  const reader = new MoldReader();
  writeMoldHead(view, 0, 'S', 1, 2);
  view.setUint16(MOLD_HEAD, 3);
  assert.equal(reader.open(view, 0, MOLD_HEAD + 5), WIRE_ERROR.TRUNCATED, 'the second message is not there');
  assert.equal(reader.next(), false);
  assert.equal(reader.open(view, 0, MOLD_HEAD + 9), WIRE_ERROR.OVERLONG, 'bytes after the last one');
  assert.equal(reader.open(view, 0, 12), WIRE_ERROR.TRUNCATED);
  assert.equal(reader.open(view, 50, 20), WIRE_ERROR.TRUNCATED, 'beyond the buffer');
  writeMoldHead(view, 0, 'S', 9, END_OF_SESSION);
  assert.equal(reader.open(view, 0, MOLD_HEAD), 0);
  assert.equal(reader.isEndOfSession, true);
  assert.equal(reader.nextSequence, 9);
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 100 }), (bytes) => {
      if (reader.open(viewOf(bytes), 0, bytes.length) === 0) while (reader.next()) assert.ok(reader.at + reader.bytes <= bytes.length);
    }),
    { numRuns: 3000 },
  );
});
