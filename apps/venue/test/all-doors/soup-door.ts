/** Visits of OUCH and GLIMPSE. */
import { glimpse } from '@outcry/wire/itch';
import { viewOf } from '@outcry/wire/layout';
import * as ouch from '@outcry/wire/ouch50';
import { beginPacket, readLoginAccepted, SOUP, SOUP_HEAD, SoupFramer, writeLogin } from '@outcry/wire/soup';
import type { Random } from '@outcry/workload/random';
import { Corrupt, type Door, type Doors, Line, mutated, noise } from './visit.ts';

const SERVER_PACKETS: ReadonlySet<number> = new Set([
  SOUP.DEBUG,
  SOUP.LOGIN_ACCEPTED,
  SOUP.LOGIN_REJECTED,
  SOUP.SEQUENCED,
  SOUP.SERVER_HEARTBEAT,
  SOUP.END_OF_SESSION,
]);

/** What each message of a session was when it was first read, by session, user and number: it never becomes another. */
const received = new Map<string, string>();
const MOST_TOLD = 200_000;

let reference = 1;

function packet(type: number, payload: Uint8Array): Buffer {
  const bytes = Buffer.alloc(SOUP_HEAD + payload.length);
  bytes.set(payload, beginPacket(viewOf(bytes), 0, type, payload.length));
  return bytes;
}

function login(random: Random, { user, password }: { user: string; password: string }): Buffer {
  const bytes = new Uint8Array(64);
  const request = { user, password: random.chance(0.9) ? password : 'wrong', session: '', sequence: random.pick([0, 1, 1, 5, 1_000_000]) };
  return Buffer.from(bytes.subarray(0, writeLogin(viewOf(bytes), 0, request)));
}

function message(random: Random): Uint8Array {
  const letter = (letters: string) => letters.charCodeAt(random.below(letters.length));
  const make = (type: any, fields: object, tags = true) => {
    const bytes = new Uint8Array(type.length + (tags ? 2 : 0));
    Object.assign(type.begin(new type.View(), viewOf(bytes), 0), fields);
    return bytes;
  };
  const userRef = ++reference;
  const order = {
    userRef,
    quantity: random.between(1, 50),
    symbol: random.pick(['BTCUSDT', 'ETHUSDT', 'NONE']),
    price: random.pick([599_990_000, 600_000_000, 600_010_000, 29_990_000, 0]),
    display: letter('YNAZ'),
    capacity: letter('APR'),
    sweep: letter('YN'),
    clientOrderId: `o${userRef}`,
  };
  switch (random.below(8)) {
    case 0:
      return make(ouch.cancelOrder, { userRef: userRef - random.below(50), quantity: random.below(3) }, false);
    case 1:
      return make(ouch.replaceOrder, { ...order, originalRef: userRef - random.below(50), timeInForce: letter('0356') });
    case 2:
      return make(ouch.massCancel, { userRef, firm: '', symbol: random.pick(['', 'BTCUSDT']) });
    case 3:
      return make(ouch.accountQuery, {}, false);
    default:
      return make(ouch.enterOrder, { ...order, side: letter('BSTE'), timeInForce: letter('0356'), crossType: letter('NOC') });
  }
}

/** Reads what the venue sends: whole packets, right messages, the same ones under the same numbers each time. */
class Reader {
  readonly #framer = new SoupFramer(4096);
  readonly #user: string;
  readonly #check: (view: DataView, at: number, bytes: number) => string;
  #stream = '';
  #next = 0;

  constructor(user: string, check: (view: DataView, at: number, bytes: number) => string) {
    this.#user = user;
    this.#check = check;
  }

  take(piece: Buffer): void {
    const framer = this.#framer;
    framer.push(piece);
    while (framer.next()) this.#packet(framer.type, framer.view, framer.at, framer.bytes);
    if (framer.isBroken) throw new Corrupt('a packet of no valid length');
  }

  #packet(type: number, view: DataView, at: number, bytes: number): void {
    if (!SERVER_PACKETS.has(type)) throw new Corrupt(`a packet of type ${type}`);
    if (type === SOUP.LOGIN_ACCEPTED) {
      const accepted = readLoginAccepted(view, at, bytes);
      if (accepted === undefined) throw new Corrupt('an acceptance that is none');
      this.#stream = `${accepted.session} ${this.#user}`;
      this.#next = accepted.sequence;
    }
    if (type !== SOUP.SEQUENCED) return;
    const wrong = this.#check(view, at, bytes);
    if (wrong !== '') throw new Corrupt(wrong);
    this.#compare(Buffer.from(view.buffer as ArrayBuffer, view.byteOffset + at, bytes).toString('latin1'));
  }

  #compare(text: string): void {
    const name = `${this.#stream} ${this.#next++}`;
    const before = received.get(name);
    if (before !== undefined && before !== text) throw new Corrupt(`message ${name} was another one before`);
    if (received.size < MOST_TOLD) received.set(name, text);
  }
}

function soupDoor(name: string, portOf: (doors: Doors) => number, check: (view: DataView, at: number, bytes: number) => string): Door {
  return {
    name,
    visit: async (random, doors) => {
      const who = random.pick(doors.logins);
      // A snapshot is another one each time: its messages are compared with nothing.
      const reader = new Reader(name === 'glimpse' ? `${who.user} ${random.next()}` : who.user, check);
      const line = new Line(portOf(doors), (piece) => reader.take(piece));
      if (random.chance(0.9)) line.write(login(random, who));
      await line.live(random, () => {
        const what = random.below(10);
        if (what === 0) line.write(noise(random, 100));
        else if (what === 1) line.write(mutated(random, packet(SOUP.UNSEQUENCED, message(random))));
        else if (what === 2) line.write(packet(SOUP.CLIENT_HEARTBEAT, new Uint8Array(0)));
        else for (let i = random.below(200); i > 0; i--) line.write(packet(SOUP.UNSEQUENCED, message(random)));
      });
    },
  };
}

export const ouchDoor = soupDoor(
  'ouch',
  ({ ports }) => ports.ouch,
  (view, at, bytes) => (ouch.checkOuch(ouch.outbound, view, at, bytes) > 0 ? '' : 'no OUCH message'),
);

export const glimpseDoor = soupDoor(
  'glimpse',
  ({ ports }) => ports.glimpse,
  (view, at, bytes) => (glimpse.check(view, at, bytes) > 0 ? '' : 'no ITCH message'),
);
