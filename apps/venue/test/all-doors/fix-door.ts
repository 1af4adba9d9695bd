/** Visits of FIX. */
import { FixFramer, fixTime, formatFix, parseFix, TAG } from '@outcry/wire/fix';
import type { Random } from '@outcry/workload/random';
import { Corrupt, type Door, Line, mutated, noise } from './visit.ts';

const MOST_BYTES = 1 << 20;
let order = 0;

type Fields = [number, string | number][];

function request(random: Random): [type: string, fields: Fields] {
  const now = fixTime(Date.now());
  const id = `f${++order}`;
  const symbol = random.pick(['BTCUSDT', 'ETHUSDT', 'NONE']);
  const body: Fields = [
    [11, random.chance(0.9) ? id : `f${order - random.below(20)}`],
    [55, symbol],
    [54, random.pick([1, 2, 5, 'x'])],
    [38, random.pick(['0.001', '0.0005', '-1', '1e5', ''])],
    [40, random.pick([1, 2, 3, 'P'])],
    [44, random.pick(['60000', '59999', '60001.5', '3000'])],
    [59, random.pick([0, 1, 3, 4, 9])],
    [60, now],
  ];
  const data: Fields = [
    [262, id],
    [263, random.pick([0, 1, 2])],
    [264, random.pick([0, 1, 10])],
    [265, 1],
    [267, 2],
    [269, 0],
    [269, 1],
    [146, 1],
    [55, symbol],
  ];
  switch (random.below(8)) {
    case 0:
      return ['F', [[41, `f${order - random.below(20)}`], ...body]];
    case 1:
      return ['G', [[41, `f${order - random.below(20)}`], ...body]];
    case 2:
      return ['V', data];
    case 3:
      return ['1', [[112, id]]];
    case 4: {
      const range: Fields = [
        [7, random.pick([1, 1, 100])],
        [16, random.pick([0, 0, 50])],
      ];
      return ['2', range];
    }
    default:
      return ['D', body];
  }
}

/** Whole messages whose sums are right, numbered as they should be. */
class Reader {
  readonly #framer = new FixFramer(MOST_BYTES);
  #next = 0;

  take(piece: Buffer): void {
    this.#framer.push(piece);
    for (let text = this.#framer.next(); text !== undefined; text = this.#framer.next()) this.#message(text);
    if (this.#framer.garbled > 0) throw new Corrupt('a garbled message');
  }

  #message(text: string): void {
    const message = parseFix(text);
    if (message.badReason >= 0)
      throw new Corrupt(`field ${message.badTag} is wrong (${message.badReason}): ${text.replaceAll('\x01', '|')}`);
    const number = message.number(TAG.MSG_SEQ_NUM);
    if (message.get(TAG.POSS_DUP_FLAG) === 'Y') return;
    if (this.#next > 0 && number !== this.#next)
      throw new Corrupt(`message ${number} where ${this.#next} comes: ${text.replaceAll('\x01', '|')}`);
    this.#next = number + 1;
  }
}

export const fixDoor: Door = {
  name: 'fix',
  visit: async (random, { ports, logins }) => {
    const { user, password } = random.pick(logins);
    const reader = new Reader();
    const line = new Line(ports.fix, (piece) => reader.take(piece));
    let next = random.chance(0.9) ? 1 : random.below(1000);
    const message = (type: string, fields: Fields) => {
      const head: Fields = [
        [35, type],
        [49, user],
        [56, 'OUTCRY'],
        [34, next++],
        [52, fixTime(Date.now())],
      ];
      return formatFix('FIX.4.4', [...head, ...fields]);
    };
    const logon: Fields = [
      [98, 0],
      [108, random.pick([1, 30])],
      [141, random.chance(0.8) ? 'Y' : 'N'],
      [554, random.chance(0.9) ? password : 'wrong'],
    ];
    if (random.chance(0.9)) line.write(message('A', logon));
    await line.live(random, () => {
      const what = random.below(10);
      if (what === 0) line.write(noise(random, 100));
      else if (what === 1) line.write(mutated(random, message(...request(random))));
      else for (let i = random.below(50); i > 0; i--) line.write(message(...request(random)));
    });
  },
};
