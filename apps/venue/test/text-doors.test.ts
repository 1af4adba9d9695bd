/** Client order ids of any letters: the same at every text door. */
import assert from 'node:assert/strict';
import { it } from 'node:test';
import { startDemo } from '../src/demo/demo.ts';
import { DEFAULTS, DEMO_ASSETS, DEMO_INSTRUMENTS, DEMO_RATE_LIMITS } from '../src/domain/config.ts';
import { Doors, log, ok, SYMBOL } from './support/doors.ts';
import { FixClient } from './support/fix-client.ts';
import { anyPorts, temporaryDirectory } from './support/process.ts';

it('an id of any letters is the same at FIX, gRPC and REST, and has the same length at each', async (t) => {
  const data = temporaryDirectory('text');
  const market = { assets: DEMO_ASSETS, instruments: [DEMO_INSTRUMENTS[0]], rateLimits: DEMO_RATE_LIMITS };
  const doors = await Doors.open(t, { ...DEFAULTS, ...market, port: 0, data, ...anyPorts('239.255.188.1') });
  await startDemo(doors.venue, { flow: false }, log);
  const fix = await FixClient.logon(doors.port('fix'), 'ALICE');
  t.after(() => void fix.socket.destroy());
  const openOrders = async () => {
    const byRest: { clientOrderId: string }[] = await ok(doors.alice.signed('GET', '/api/v3/openOrders'));
    const { orders } = await doors.grpc('listOpenOrders', {});
    const ids = byRest.map(({ clientOrderId }) => clientOrderId);
    assert.deepEqual(
      orders.map((order: { client_order_id: string }) => order.client_order_id),
      ids,
    );
    return ids;
  };
  const cancel = (id: string, original: string) =>
    fix.send('F', [
      [11, id],
      [41, original],
      [55, SYMBOL],
      [54, 1],
    ]);
  for (const [n, id] of ['é'.repeat(18), '€'.repeat(12), '😀'.repeat(9), 'plain'].entries()) {
    fix.order(id, 1, '0.01', '50000');
    assert.deepEqual(await fix.report(11, 150), [id, '0']);
    assert.deepEqual(await openOrders(), [id]);
    await doors.grpc('cancelOrder', { client_order_id: id });
    assert.deepEqual(await fix.report(11, 150), [id, '4']);
    const other = `${id.slice(2)}-`;
    await doors.grpc('placeOrder', { symbol: SYMBOL, side: 1, type: 1, quantity: '0.01', price: '50000', client_order_id: other });
    cancel(`c${n}`, other);
    assert.deepEqual(await fix.report(11, 41, 150), [`c${n}`, other, '4']);
    const long = `${id}${id[0] === 'p' ? 'x'.repeat(32) : 'x'}`;
    fix.order(long, 1, '0.01', '50000');
    assert.deepEqual(await fix.report(150, 103), ['8', '11'], long);
    const request = { symbol: SYMBOL, side: 1, type: 1, quantity: '0.01', price: '50000', client_order_id: long };
    await assert.rejects(doors.grpc('placeOrder', request), { code: 3 }, long);
  }
  for (const id of ['a\x80', 'a\x9f', 'a\x7f', '\x1f', '\x85']) {
    fix.order(id, 1, '0.01', '50000');
    assert.deepEqual((await fix.take('3')).get(373), '6', JSON.stringify(id));
    const request = { symbol: SYMBOL, side: 1, type: 1, quantity: '0.01', price: '50000', client_order_id: id };
    await assert.rejects(doors.grpc('placeOrder', request), { code: 3 });
  }
  for (const bytes of ['\xe9', '\xc3\xa9\xff', '\xed\xa0\x80']) {
    fix.socket.write(inLatin1(fix.format('D', FixClient.fields('LETTERS', 1, '0.01', '50000')), bytes));
    assert.deepEqual((await fix.take('3')).get(373), '6', 'bytes that are no UTF-8');
  }
  assert.deepEqual(await openOrders(), []);
  fix.socket.destroy();
});

/** A message with some bytes in the place of LETTERS. */
function inLatin1(message: Buffer, bytes: string): Buffer {
  const body = message.toString('latin1').replace('LETTERS', bytes);
  const from = body.indexOf('35=');
  const text = `8=FIX.4.4\x019=${body.length - 7 - from}\x01${body.slice(from, -7)}`;
  const sum = [...Buffer.from(text, 'latin1')].reduce((total, byte) => total + byte, 0) % 256;
  return Buffer.from(`${text}10=${String(sum).padStart(3, '0')}\x01`, 'latin1');
}
