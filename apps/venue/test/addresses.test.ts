import assert from 'node:assert/strict';
import net from 'node:net';
import { it } from 'node:test';
import fc from 'fast-check';
import { AddressList, plainAddress, plainEntry, sourceOf } from '../src/domain/addresses.ts';

const v4 = fc.ipV4();
const v6 = fc.ipV6();

it('an address has one way of being written, which is an address still', () => {
  fc.assert(
    fc.property(fc.oneof(v4, v6), (address) => {
      const plain = plainAddress(address);
      assert.notEqual(net.isIP(plain), 0);
      assert.equal(plainAddress(plain), plain);
      assert.equal(plainEntry(address), plain);
      assert.ok(new AddressList([plain]).has(address));
    }),
  );
  for (const written of ['2001:DB8:0:0:0:0:0:1', '2001:0db8::0001', '2001:db8:0::1%eth0', '2001:db8::0.0.0.1'])
    assert.equal(plainAddress(written), '2001:db8::1');
});

it('an IPv4 address is the same whichever socket it came by', () => {
  fc.assert(
    fc.property(v4, (address) => {
      const bytes = address.split('.').map((byte) => Number(byte).toString(16).padStart(2, '0'));
      const mapped = [`::ffff:${address}`, `::FFFF:${bytes[0]}${bytes[1]}:${bytes[2]}${bytes[3]}`, `0:0:0:0:0:ffff:${address}`];
      for (const written of mapped) {
        assert.equal(plainAddress(written), address);
        assert.equal(plainEntry(written), address);
        assert.ok(new AddressList([address]).has(written));
      }
    }),
  );
});

it('a network has those whose leading bits are its own, and nobody else', () => {
  fc.assert(
    fc.property(fc.nat(0xffffffff), fc.nat(32), fc.nat(0xffffffff), (address, bits, other) => {
      const mask = bits === 0 ? 0 : (0xffffffff << (32 - bits)) >>> 0;
      const text = (number: number) => [24, 16, 8, 0].map((shift) => (number >>> shift) & 255).join('.');
      const entry = plainEntry(`${text((address & mask) >>> 0)}/${bits}`)!;
      const list = new AddressList([entry]);
      assert.ok(list.has(text(((address & mask) | (other & ~mask)) >>> 0)));
      assert.equal(list.has(text(other)), (other & mask) >>> 0 === (address & mask) >>> 0);
      assert.equal(plainEntry(`::ffff:${text((address & mask) >>> 0)}/${bits + 96}`), entry);
    }),
  );
  const list = new AddressList([plainEntry('2001:0DB8::/32')!]);
  assert.deepEqual(list.entries, ['2001:db8::/32']);
  assert.ok(list.has('2001:db8:ffff::1'));
  assert.equal(list.has('2001:db9::1'), false);
});

it('what is no address and no network is refused, a network that names a host too', () => {
  const wrong = [
    '',
    'localhost',
    '1.2.3',
    '01.2.3.4',
    '1.2.3.4/',
    '1.2.3.4/33',
    '1.2.3.4/-1',
    '1.2.3.4/8',
    '::/129',
    'fe80::1%eth0',
    '::1/64',
  ];
  for (const entry of [...wrong, '10.0.0.0/8/8', ' 1.2.3.4', '1.2.3.4 ', '0x7f.1', '::ffff:1.2.3.4/90', '10.0.0.0/08000', '*'])
    assert.equal(plainEntry(entry), undefined, entry);
  assert.equal(plainEntry('0.0.0.0/0'), '0.0.0.0/0');
  assert.equal(plainEntry('1.2.3.4/32'), '1.2.3.4');
});

it('no list has what is no address', () => {
  for (const address of ['', 'unknown', '1.2.3']) assert.equal(new AddressList(['0.0.0.0/0', '::/0']).has(address), false);
});

it('a source of attempts is an IPv4 address, or the network of an IPv6 one', () => {
  assert.equal(sourceOf('::ffff:203.0.113.7'), '203.0.113.7');
  assert.equal(sourceOf('2001:db8:1:2:3::4'), sourceOf('2001:db8:1:2::9'));
  assert.notEqual(sourceOf('2001:db8:1:2::9'), sourceOf('2001:db8:1:3::9'));
  assert.equal(sourceOf('grpc'), 'grpc');
});
