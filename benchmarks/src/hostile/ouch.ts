/** Hostile clients of OUCH and GLIMPSE. */
import { codeOf, viewOf } from '@outcry/wire/layout';
import * as wire from '@outcry/wire/ouch50';
import { beginPacket, SOUP, SOUP_HEAD, writeLogin } from '@outcry/wire/soup';
import { connectTo, type Neighbour, sleep, type Target } from './target.ts';

const SILENT = 2000;
const FLOOD_ORDERS = 16_384;
/** Numbers of orders must ascend over a login's life, so that each flood begins beyond the one before. */
const FLOODS_APART = 100_000_000;

function login({ user, password }: Target): Uint8Array {
  const bytes = new Uint8Array(64);
  return bytes.subarray(0, writeLogin(viewOf(bytes), 0, { user, password, session: '', sequence: 0 }));
}

/** Orders that rest, numbered from `first` on. @param price four implied decimals */
function orders(first: number, count: number, side = 'B', price = 10_000_000): Uint8Array {
  const bytes = SOUP_HEAD + wire.enterOrder.length + 2;
  const all = new Uint8Array(bytes * count);
  const view = viewOf(all);
  for (let i = 0; i < count; i++) {
    const at = beginPacket(view, i * bytes, SOUP.UNSEQUENCED, bytes - SOUP_HEAD);
    const order = wire.enterOrder.begin(new wire.enterOrder.View(), view, at);
    Object.assign(order, {
      userRef: first + i,
      side: codeOf(side),
      quantity: 1,
      symbol: 'ETHUSDT',
      price,
      timeInForce: codeOf('3'),
    });
    Object.assign(order, {
      display: codeOf('Y'),
      capacity: codeOf('P'),
      sweep: codeOf('N'),
      crossType: codeOf('N'),
      clientOrderId: 'flood',
    });
  }
  return all;
}

/** A quiet book of so many levels, half of them on each side, entered by a login. For others to watch. */
export async function fillBook(target: Target, levels: number): Promise<void> {
  const socket = connectTo(Number(target.ports.ouch)).resume();
  socket.write(login(target));
  for (let i = 0; i < levels; i++) {
    const packet = orders(1 + i, 1, i % 2 === 0 ? 'B' : 'S', 30_000_000 + (i % 2 === 0 ? -1 : 1) * 100 * (1 + (i >> 1)));
    if (!socket.write(packet)) await new Promise((resolve) => socket.once('drain', resolve));
  }
  socket.end();
  await new Promise((resolve) => socket.once('close', resolve));
}

export const OUCH_NEIGHBOURS: Record<string, Neighbour> = {
  'ouch-silent': {
    what: `${SILENT} connections that say nothing, opened again as they are closed`,
    attack: async ({ ports }, end) => {
      let opened = 0;
      const keep = (port: number) => {
        opened++;
        connectTo(port)
          .resume()
          .on('close', () => setTimeout(() => performance.now() < end && keep(port), 50));
      };
      for (let i = 0; i < SILENT; i++) keep(Number(i % 2 === 0 ? ports.ouch : ports.glimpse));
      await sleep(end - performance.now());
      return `${opened} connections`;
    },
  },
  'ouch-flood': {
    what: 'a login that sends orders as fast as the connection takes them, and reads nothing',
    attack: async (target, end, run) => {
      const socket = connectTo(Number(target.ports.ouch)); // never read
      socket.write(login(target));
      const first = 1 + run * FLOODS_APART;
      let sent = 0;
      while (performance.now() < end && !socket.destroyed) {
        if (socket.writableLength === 0) {
          socket.write(orders(first + sent, FLOOD_ORDERS));
          sent += FLOOD_ORDERS;
        }
        await sleep(1);
      }
      return `${sent} orders given to the system`;
    },
  },
  'glimpse-again': {
    what: 'a login that asks for one snapshot after the other',
    attack: async (target, end) => {
      let asked = 0;
      while (performance.now() < end) {
        const socket = connectTo(Number(target.ports.glimpse)).resume();
        socket.write(login(target));
        asked++;
        await new Promise<void>((resolve) => {
          socket.on('close', () => resolve());
          setTimeout(() => socket.destroy(), 20);
        });
      }
      return `${asked} snapshots begun`;
    },
  },
};
