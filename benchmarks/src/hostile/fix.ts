/** Hostile clients of FIX. */
import { type FixField, fixTime, formatFix } from '@outcry/wire/fix';
import { connectTo, type Neighbour, sleep, type Target } from './target.ts';

const REPORTS = 110_000;
const SUBSCRIPTIONS = 20;

class FixSession {
  readonly #target: Target;
  readonly #socket;
  #next = 1;
  /** messages that came */
  received = 0;

  constructor(target: Target) {
    this.#target = target;
    this.#socket = connectTo(Number(target.ports.fix), (piece) => {
      for (let at = piece.indexOf('\x0110='); at >= 0; at = piece.indexOf('\x0110=', at + 1)) this.received++;
    });
  }

  get isOver(): boolean {
    return this.#socket.destroyed;
  }

  send(type: string, fields: FixField[]): void {
    const head: FixField[] = [
      [35, type],
      [49, this.#target.user],
      [56, 'OUTCRY'],
      [34, this.#next++],
      [52, fixTime(Date.now())],
    ];
    this.#socket.write(formatFix('FIX.4.4', [...head, ...fields]));
  }

  async logOn(): Promise<void> {
    this.send('A', [
      [98, 0],
      [108, 30],
      [141, 'Y'],
      [554, this.#target.password],
    ]);
    while (this.received === 0 && !this.isOver) await sleep(5);
  }
}

export const FIX_NEIGHBOURS: Record<string, Neighbour> = {
  'fix-resend': {
    what: `a login that asks for all of its ${REPORTS.toLocaleString('en')} messages again, over and over`,
    attack: async (target, end) => {
      const session = new FixSession(target);
      await session.logOn();
      // Each order far from the market is one report; refused or accepted does not matter.
      for (let i = 0; i < REPORTS && performance.now() < end - 5000 && !session.isOver; i++) {
        session.send('D', [
          [11, `${Date.now().toString(36)}-${i}`],
          [55, 'ETHUSDT'],
          [54, 1],
          [38, '0.0001'],
          [40, 2],
          [44, '1000'],
          [59, 3],
          [60, fixTime(Date.now())],
        ]);
        if (i % 200 === 199) while (session.received < i - 2000 && !session.isOver) await sleep(1);
        if (i % 200 === 199) await sleep(0);
      }
      const made = session.received;
      let asked = 0;
      while (performance.now() < end && !session.isOver) {
        session.send('2', [
          [7, 1],
          [16, 0],
        ]);
        asked++;
        await sleep(200);
      }
      return `${made} messages, asked for all ${asked} times, ${session.received - made} came again`;
    },
  },
  'fix-depth': {
    what: `${SUBSCRIPTIONS} subscriptions of a book of 20,000 levels, made and ended again`,
    attack: async (target, end) => {
      const session = new FixSession(target);
      await session.logOn();
      const request = (id: string, kind: number) =>
        session.send('V', [
          [262, id],
          [263, kind],
          [264, 0],
          [265, 1],
          [267, 2],
          [269, 0],
          [269, 1],
          [146, 1],
          [55, 'ETHUSDT'],
        ]);
      let rounds = 0;
      while (performance.now() < end && !session.isOver) {
        for (let i = 0; i < SUBSCRIPTIONS; i++) request(`r${rounds}-${i}`, 1);
        await sleep(300);
        for (let i = 0; i < SUBSCRIPTIONS; i++) request(`r${rounds}-${i}`, 2);
        rounds++;
      }
      return `${rounds} rounds, ${session.received} messages`;
    },
  },
};
