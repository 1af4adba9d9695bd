/** Writes the messages of ITCH 5.0 with the venue's instruments and times. */
import type { Side } from '@outcry/market/order-terms';
import { TRADING_STATE } from '@outcry/market/states';
import * as wire from '@outcry/wire/itch';
import { codeOf, type Flyweight, setU48 } from '@outcry/wire/layout';
import type { Instrument } from '../../domain/market.ts';

const DAY_US = 86_400e6;
const SIDES = [codeOf('B'), codeOf('S')];
const NO = codeOf('N');
const SPACE = codeOf(' ');

/** What ITCH makes of an instrument's state, and the reason that it gives. */
const ACTIONS: Record<number, [state: string, reason: string]> = {
  [TRADING_STATE.CONTINUOUS]: ['T', ''],
  [TRADING_STATE.PRE_OPEN]: ['Q', ''],
  [TRADING_STATE.OPENING_AUCTION]: ['Q', ''],
  [TRADING_STATE.CLOSING_AUCTION]: ['Q', ''],
  [TRADING_STATE.VOLATILITY_AUCTION]: ['P', 'LUDP'],
  [TRADING_STATE.HALTED]: ['H', 'T1'],
  [TRADING_STATE.CLOSED]: ['H', 'MWCQ'],
};

/** Writes messages at the beginning of a view: those that both the feed and its snapshots have. Each gives the message's length. */
export class ItchMessages {
  readonly view: DataView;
  /** of what is told, microseconds since 1970 */
  time = 0;
  readonly #add = new wire.addOrder.View();
  readonly #action = new wire.tradingAction.View();
  readonly #directory = new wire.stockDirectory.View();

  constructor(view: DataView) {
    this.view = view;
  }

  /** Begins a message: type, locate, tracking number 0, time. */
  begin<F extends Flyweight>(type: { type: number }, message: F, locate: number): F {
    const { view } = this;
    view.setUint8(0, type.type);
    view.setUint16(1, locate);
    view.setUint16(3, 0);
    setU48(view, 5, (this.time % DAY_US) * 1000);
    return message.wrap(view, 0);
  }

  add(instrument: Instrument, side: Side, id: number, lots: number, ticks: number): number {
    const message = this.begin(wire.addOrder, this.#add, instrument.number + 1);
    message.reference = id;
    message.side = SIDES[side];
    message.shares = lots;
    message.stock = instrument.wireSymbol;
    message.price = ticks * instrument.wireTick;
    return wire.addOrder.length;
  }

  action(instrument: Instrument, state: number): number {
    const [code, reason] = ACTIONS[state];
    const message = this.begin(wire.tradingAction, this.#action, instrument.number + 1);
    message.stock = instrument.wireSymbol;
    message.state = codeOf(code);
    message.reserved = SPACE;
    message.reason = reason;
    return wire.tradingAction.length;
  }

  directory(instrument: Instrument): number {
    const message = this.begin(wire.stockDirectory, this.#directory, instrument.number + 1);
    message.stock = instrument.wireSymbol;
    message.marketCategory = SPACE;
    message.financialStatus = NO;
    message.roundLotSize = 1;
    message.roundLotsOnly = NO;
    message.issueClassification = codeOf('Q');
    message.issueSubType = 'Z';
    message.authenticity = codeOf('P');
    message.shortSaleThreshold = NO;
    message.ipoFlag = NO;
    message.luldTier = SPACE;
    message.etpFlag = NO;
    message.etpLeverage = 0;
    message.inverse = NO;
    return wire.stockDirectory.length;
  }
}
