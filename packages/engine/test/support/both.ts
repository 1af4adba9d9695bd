import assert from 'node:assert/strict';
import { GTD } from '@outcry/market/order-terms';
import { INSTRUMENT_RULE } from '@outcry/market/rules';
import { ReferenceVenue } from '../reference/reference-venue.ts';
import type { OrderSpec, VenueCommand } from '../reference/types.ts';
import { Player } from './player.ts';
import { ACCOUNTS, ASSETS } from './streams.ts';

export const LIMITS = { orders: 40, accounts: 16, assets: 4, instruments: 4 };
const STEP_TIME = 1_000;

/** The engine and the reference venue, fed alike and compared after every command. Two instruments, funded accounts. */
export class Both {
  readonly player: Player;
  readonly reference: ReferenceVenue;
  #time = 1_000_000;
  #steps = 0;

  constructor(limits = LIMITS) {
    this.player = new Player(limits);
    this.reference = new ReferenceVenue(limits.orders);
    for (const asset of ASSETS) this.player.defineAsset(asset);
    this.player.defineInstrument(0, 0, 1, 100, 3, 1000, 2000);
    this.player.defineInstrument(1, 2, 1, 7, 11, 0, 333);
    this.reference.addInstrument(0, 1, 100, 3, 1000, 2000);
    this.reference.addInstrument(2, 1, 7, 11, 0, 333);
    for (let account = 0; account < ACCOUNTS; account++) {
      this.player.openAccount(account);
      this.reference.addAccount();
      // The last account is poor: what it can just afford, and what not, comes up often.
      const isPoor = account === ACCOUNTS - 1;
      for (const [asset, amount] of [
        [0, isPoor ? 1_000 : 30_000],
        [1, isPoor ? 3_000 : 200_000],
        [2, isPoor ? 70 : 3_000],
      ])
        this.play({ kind: 'deposit', account, asset, amount, reference: '' });
    }
    this.play({ kind: 'rule', instrument: 0, rule: INSTRUMENT_RULE.FEE_INSTRUMENT, value: 2 });
    for (const account of [1, 2]) this.play({ kind: 'accountRule', account, rule: 2, asset: 0, value: 1 });
  }

  /** Plays a command to both. Returns what they told. */
  play(step: VenueCommand): string[] {
    this.#time += STEP_TIME;
    const command = this.#resolved(step);
    const emitted = this.player.play(command, this.#time);
    // Which orders a mass cancel ends first is not promised: the reference venue takes the engine's.
    const chosen = emitted.flatMap((line) => / #(\d+) mass_cancel /.exec(line)?.slice(1).map(Number) ?? []);
    const expected = this.reference.apply(command, this.#time, chosen);
    this.#steps++;
    assert.deepEqual(emitted, expected, `command ${this.#steps}: ${JSON.stringify(command)}`);
    this.#compareBalances(command);
    return emitted;
  }

  #compareBalances(command: VenueCommand): void {
    const { ledger } = this.player.engine;
    for (const asset of ASSETS) {
      assert.equal(ledger.discrepancy(asset), 0, 'assets are conserved');
      assert.equal(this.reference.bank.discrepancy(asset), 0n);
      for (let account = 0; account < ACCOUNTS; account++) {
        const { available, held } = this.reference.bank.balance(account, asset);
        const what = `asset ${asset} of account ${account} after command ${this.#steps}: ${JSON.stringify(command)}`;
        assert.deepEqual([ledger.available(account, asset), ledger.held(account, asset)].map(BigInt), [available, held], what);
        const heard = this.player.heard.get(`${account} ${asset}`) ?? [0, 0];
        assert.deepEqual(heard.map(BigInt), [available, held], `a reader of events knows ${what}`);
        if (this.reference.bank.checked) assert.ok(available >= 0n && held >= 0n, 'nothing is overdrawn');
      }
    }
  }

  /** Turns picks into orders, and relative expiries into times. */
  #resolved(step: VenueCommand): VenueCommand {
    const numbers = this.reference.orders.map((o) => o.number);
    const picked = (pick: number) => (numbers.length === 0 || pick % 7 === 0 ? 0 : numbers[pick % numbers.length]);
    switch (step.kind) {
      case 'cancel':
      case 'amend': {
        const order = this.reference.orders.find((o) => o.number === picked(step.order));
        const owner = order === undefined || step.order % 5 === 0 ? {} : { account: order.account, instrument: order.instrument };
        return { ...step, order: order?.number ?? 0, ...owner };
      }
      case 'replace': {
        const order = this.reference.orders.find((o) => o.number === picked(step.old));
        const owner = order === undefined ? {} : { account: order.account, instrument: order.instrument };
        return { ...step, old: order?.number ?? 0, order: this.#timed({ ...step.order, ...owner }) };
      }
      case 'order':
        return { ...step, order: this.#timed(step.order) };
      case 'list':
        return { ...step, legs: step.legs.map((leg) => this.#timed(leg)) };
      default:
        return step;
    }
  }

  #timed(order: OrderSpec): OrderSpec {
    if (order.timeInForce !== GTD || order.terms?.expiry !== undefined) return order;
    return { ...order, terms: { ...order.terms, expiry: this.#time + STEP_TIME * (1 + (order.quantity % 9)) } };
  }
}
