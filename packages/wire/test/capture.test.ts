/** Captures of packets: pcap and pcapng, written and read. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FeedFilter, FilterError } from '@outcry/wire/filter';
import { addOrder, orderDelete } from '@outcry/wire/itch';
import { viewOf } from '@outcry/wire/layout';
import { MessageFileReader } from '@outcry/wire/message-file';
import { ipv4, LINK, UDP_FRAME_HEAD, UdpPacket, writeUdpFrame } from '@outcry/wire/packet';
import { CaptureError, CaptureReader, pcapHead, pcapRecordBytes, writePcapRecord } from '@outcry/wire/pcap';
import { memorySource } from '@outcry/wire/source';
import fc from 'fast-check';

const FROM = { address: ipv4('10.0.0.1'), port: 4000 };
const TO = { address: ipv4('239.1.2.3'), port: 26400 };

function capture(payloads: string[]): Uint8Array {
  const pieces = [pcapHead()];
  for (const [i, text] of payloads.entries()) {
    const bytes = new Uint8Array(pcapRecordBytes(text.length));
    const at = writePcapRecord(viewOf(bytes), 0, { seconds: 1_700_000_000 + i, nanoseconds: 123_456_789 }, FROM, TO, text.length);
    bytes.set(Buffer.from(text), at);
    pieces.push(bytes);
  }
  return Buffer.concat(pieces);
}

function payloadsOf(bytes: Uint8Array): string[] {
  const reader = new CaptureReader(memorySource(bytes));
  const packet = new UdpPacket();
  const found: string[] = [];
  while (reader.next()) {
    const why = packet.decode(reader.view, reader.at, reader.bytes, reader.linkType);
    const text = why ?? Buffer.from(reader.view.buffer, packet.at, packet.bytes).toString();
    found.push(`${reader.seconds}.${String(reader.nanoseconds).padStart(9, '0')} ${packet.destination}:${packet.port} ${text}`);
  }
  if (reader.isCut) found.push('cut');
  return found;
}

test('a capture reads back what was written: addresses, ports, nanoseconds, payloads', () => {
  const expected = ['1700000000.123456789 239.1.2.3:26400 one', '1700000001.123456789 239.1.2.3:26400 two'];
  const bytes = capture(['one', 'two']);
  assert.deepEqual(payloadsOf(bytes), expected);
  assert.deepEqual(payloadsOf(bytes.subarray(0, bytes.length - 1)), [expected[0], 'cut']);
});

test('both byte orders and both resolutions of pcap, and pcapng with its own resolution, are read alike', () => {
  const frame = new Uint8Array(UDP_FRAME_HEAD + 2);
  writeUdpFrame(viewOf(frame), 0, FROM, TO, 2);
  frame.set(Buffer.from('hi'), UDP_FRAME_HEAD);
  for (const little of [true, false]) {
    for (const [magic, fraction] of [
      [0xa1b2c3d4, 500_000],
      [0xa1b23c4d, 500_000_000],
    ]) {
      const view = new DataView(new ArrayBuffer(24 + 16 + frame.length));
      view.setUint32(0, magic, little);
      view.setUint32(20, LINK.ETHERNET, little);
      for (const [i, word] of [7, fraction, frame.length, frame.length].entries()) view.setUint32(24 + i * 4, word, little);
      new Uint8Array(view.buffer).set(frame, 40);
      assert.deepEqual(payloadsOf(new Uint8Array(view.buffer)), ['7.500000000 239.1.2.3:26400 hi']);
    }
    assert.deepEqual(payloadsOf(pcapng(frame, little)), ['7.500000000 239.1.2.3:26400 hi', '0.000000000 239.1.2.3:26400 hi']);
  }
});

/** A section, an interface of nanoseconds, an enhanced packet and a simple one. */
function pcapng(frame: Uint8Array, little: boolean): Uint8Array {
  const blocks: Uint8Array[] = [];
  const block = (type: number, words: number[], data: Uint8Array = new Uint8Array(0)) => {
    const padded = Math.ceil(data.length / 4) * 4;
    const length = 12 + words.length * 4 + padded;
    const view = new DataView(new ArrayBuffer(length));
    for (const [i, word] of [type, length, ...words].entries()) view.setUint32(i * 4, word, little);
    new Uint8Array(view.buffer).set(data, 8 + words.length * 4);
    view.setUint32(length - 4, length, little);
    blocks.push(new Uint8Array(view.buffer));
  };
  const pair = (a: number, b: number) => (little ? a | (b << 16) : (a << 16) | b) >>> 0;
  block(0x0a0d0d0a, [0x1a2b3c4d, pair(1, 0), 0xffffffff, 0xffffffff]);
  block(1, [pair(1, 0), 0, pair(9, 1), little ? 9 : 9 << 24, 0]);
  const units = 7_500_000_000n;
  block(6, [0, Number(units >> 32n), Number(units & 0xffffffffn), frame.length, frame.length], frame);
  block(0x0bad, [1, 2]);
  block(3, [frame.length], frame);
  return Buffer.concat(blocks);
}

test('VLAN tags, IPv6 with extension heads, and Linux cooked captures lead to the payload; fragments and TCP do not', () => {
  const packet = new UdpPacket();
  const inner = new Uint8Array(UDP_FRAME_HEAD + 1);
  writeUdpFrame(viewOf(inner), 0, FROM, TO, 1);
  const vlan = Buffer.concat([inner.subarray(0, 12), Buffer.from('8100002a', 'hex'), inner.subarray(12)]);
  assert.equal(packet.decode(viewOf(vlan), 0, vlan.length, LINK.ETHERNET), undefined);
  assert.deepEqual([packet.vlan, packet.port, packet.sourcePort, packet.bytes], [42, 26400, 4000, 1]);
  const ip6 = Buffer.from(
    '86dd 60000000 0011 00 40 fe800000000000000000000000000001 ff020000000000000000000000000007 1100000000000000 0fa0 6720 0009 0000 78'.replaceAll(
      ' ',
      '',
    ),
    'hex',
  );
  const cooked = Buffer.concat([Buffer.alloc(14), ip6]);
  assert.equal(packet.decode(viewOf(cooked), 0, cooked.length, LINK.LINUX_SLL), undefined);
  assert.equal(packet.destination, 'ff02::7');
  assert.equal(packet.port, 26400);
  const fragment = Uint8Array.from(inner);
  fragment[20] = 0x20;
  assert.equal(packet.decode(viewOf(fragment), 0, fragment.length, LINK.ETHERNET), 'fragment');
  const tcp = Uint8Array.from(inner);
  tcp[23] = 6;
  assert.equal(packet.decode(viewOf(tcp), 0, tcp.length, LINK.ETHERNET), 'not_udp');
  assert.equal(packet.decode(viewOf(inner), 0, inner.length - 1, LINK.ETHERNET), 'truncated');
  assert.equal(packet.decode(viewOf(inner), 0, inner.length, 999), 'link');
});

test('damaged captures end with an error that names the place, or early; packets never reach outside theirs', () => {
  const good = [capture(['one', 'two', 'three']), pcapng(new Uint8Array(UDP_FRAME_HEAD + 2), true)];
  const packet = new UdpPacket();
  fc.assert(
    fc.property(
      fc.constantFrom(...good),
      fc.array(fc.tuple(fc.nat(400), fc.nat(255)), { maxLength: 8 }),
      fc.nat(400),
      (bytes, changes, cut) => {
        const damaged = Uint8Array.from(bytes.subarray(0, bytes.length - (cut % bytes.length)));
        for (const [at, value] of changes) damaged[at % damaged.length] = value;
        try {
          const reader = new CaptureReader(memorySource(damaged));
          for (let count = 0; reader.next(); count++) {
            assert.ok(count < damaged.length);
            if (packet.decode(reader.view, reader.at, reader.bytes, reader.linkType) === undefined)
              assert.ok(packet.at >= reader.at && packet.at + packet.bytes <= reader.at + reader.bytes);
          }
        } catch (error) {
          assert.ok(error instanceof CaptureError, String(error));
        }
      },
    ),
    { numRuns: 5000 },
  );
});

test('a filter knows ports, groups and types at once, and a symbol from the message that first names it', () => {
  const packet = new UdpPacket();
  const frame = new Uint8Array(UDP_FRAME_HEAD);
  writeUdpFrame(viewOf(frame), 0, FROM, TO, 0);
  packet.decode(viewOf(frame), 0, frame.length, LINK.ETHERNET);
  assert.equal(new FeedFilter('port 26400,26401 and group 239.1.2.3').packet(packet), true);
  assert.equal(new FeedFilter('port 26401').packet(packet), false);
  assert.equal(new FeedFilter('not group 239.1.2.3').packet(packet), false);
  const view = new DataView(new ArrayBuffer(128));
  const add = addOrder.begin(new addOrder.View(), view, 0);
  add.locate = 5;
  add.stock = 'BTCUSDT';
  const drop = orderDelete.begin(new orderDelete.View(), view, 64);
  drop.locate = 5;
  const filter = new FeedFilter('symbol BTCUSDT and not type X');
  assert.equal(filter.message(view, 64), false, 'not known yet');
  assert.equal(filter.message(view, 0), true);
  assert.equal(filter.message(view, 64), true);
  drop.locate = 6;
  assert.equal(filter.message(view, 64), false);
  assert.equal(new FeedFilter('type order_delete').message(view, 0), false);
  for (const bad of ['port', 'port 70000', 'colour red', 'port 1 and port 2', 'type Z', 'group 1.2.3', 'port 1 or port 2']) {
    assert.throws(() => new FeedFilter(bad), FilterError, bad);
  }
});

test('a file of messages is read message by message however its bytes come, and a cut or overlong one says so', () => {
  const messages = fc.array(fc.uint8Array({ minLength: 1, maxLength: 300 }), { maxLength: 20 });
  fc.assert(
    fc.property(messages, fc.boolean(), fc.nat(), fc.integer({ min: 1, max: 50 }), (all, hasEnd, cut, most) => {
      const pieces = all.flatMap((message) => [Buffer.from([message.length >> 8, message.length & 0xff]), message]);
      const whole = Buffer.concat([...pieces, ...(hasEnd ? [Buffer.alloc(2)] : [])]);
      const kept = whole.length - (cut % 3 === 0 ? cut % (whole.length + 1) : 0);
      const source = memorySource(whole.subarray(0, kept));
      const reader = new MessageFileReader({ read: (into, at, bytes) => source.read(into, at, Math.min(bytes, most)) });
      const got: Uint8Array[] = [];
      while (reader.next()) got.push(new Uint8Array(reader.view.buffer.slice(reader.at, reader.at + reader.bytes) as ArrayBuffer));
      let end = 0;
      const expected = all.filter(({ length }) => {
        end += 2 + length;
        return end <= kept;
      });
      assert.deepEqual(
        got,
        expected.map((message) => new Uint8Array(message)),
      );
      const read = expected.reduce((sum, { length }) => sum + 2 + length, 0);
      assert.equal(reader.isCut, kept > read && !(hasEnd && kept === whole.length));
      assert.equal(reader.error, 0);
    }),
  );
  const more = new MessageFileReader(memorySource(Uint8Array.of(0, 1, 83, 0, 0, 7)));
  assert.deepEqual([more.next(), more.next(), more.error < 0], [true, false, true]);
});
