/** Visits of gRPC: calls of every kind with right and wrong messages, ended when they like. */
import http2 from 'node:http2';
import type { Random } from '@outcry/workload/random';
import { Corrupt, type Door, Line, mutated, noise, sleep } from './visit.ts';

const METHODS = [
  'Trading/PlaceOrder',
  'Trading/CancelOrder',
  'Trading/ListOpenOrders',
  'Trading/Entry',
  'MarketData/GetBook',
  'MarketData/Watch',
  'MarketData/None',
  'Admin/GetStatus',
];

/** A message of protocol buffers whose fields are made up: number, wire type, value. */
function payload(random: Random): Buffer {
  const fields = Array.from({ length: random.below(6) }, () => {
    const tag = (random.between(1, 9) << 3) | (random.chance(0.5) ? 2 : 0);
    const text = Buffer.from(random.pick(['BTCUSDT', '0.001', '60000', '', 'x'.repeat(100)]));
    return (tag & 7) === 0 ? Buffer.from([tag, random.below(128)]) : Buffer.concat([Buffer.from([tag, text.length]), text]);
  });
  return Buffer.concat(fields);
}

function framed(bytes: Buffer): Buffer {
  const head = Buffer.alloc(5);
  head.writeUInt32BE(bytes.length, 1);
  return Buffer.concat([head, bytes]);
}

function call(
  random: Random,
  session: http2.ClientHttp2Session,
  authorization: string,
  fail: (error: Error) => void,
): http2.ClientHttp2Stream {
  const stream = session.request({
    ':method': 'POST',
    ':path': `/outcry.v1.${random.pick(METHODS)}`,
    'content-type': 'application/grpc',
    te: 'trailers',
    authorization,
  });
  let rest: Buffer = Buffer.alloc(0);
  stream.on('error', () => undefined);
  stream.on('data', (piece: Buffer) => {
    rest = Buffer.concat([rest, piece]);
    while (rest.length >= 5 && rest.length >= 5 + rest.readUInt32BE(1)) {
      if (rest[0] > 1) fail(new Corrupt(`a message whose flag is ${rest[0]}`));
      rest = rest.subarray(5 + rest.readUInt32BE(1));
    }
  });
  stream.on('end', () => {
    if (rest.length > 0 && !stream.aborted && stream.rstCode === 0) fail(new Corrupt('an answer that is not whole'));
  });
  return stream;
}

export const grpcDoor: Door = {
  name: 'grpc',
  visit: async (random, { ports, logins }) => {
    if (random.chance(0.2)) {
      const line = new Line(ports.grpc, () => undefined);
      if (random.chance(0.5)) line.write('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n');
      await line.live(random, () => line.write(noise(random, 200)));
      return;
    }
    const { user, password } = random.pick(logins);
    const authorization = `Basic ${Buffer.from(`${user}:${random.chance(0.9) ? password : 'wrong'}`).toString('base64')}`;
    const session = http2.connect(`http://127.0.0.1:${ports.grpc}`);
    session.on('error', () => undefined);
    let broken: Error | undefined;
    const calls: http2.ClientHttp2Stream[] = [];
    for (let i = random.between(1, 20); i > 0 && !session.destroyed && !session.closed; i--) {
      const stream = call(random, session, authorization, (error) => {
        broken ??= error;
      });
      calls.push(stream);
      const bytes = framed(payload(random));
      stream.write(random.chance(0.8) ? bytes : mutated(random, bytes));
      if (random.chance(0.7)) stream.end();
      if (random.chance(0.2)) stream.pause();
      await sleep(random.chance(0.1) ? random.below(1000) : random.below(20));
      if (random.chance(0.3)) random.pick(calls).close(http2.constants.NGHTTP2_CANCEL);
    }
    for (const each of calls) each.resume();
    await sleep(random.below(300));
    session.destroy();
    if (broken !== undefined) throw broken;
  },
};
