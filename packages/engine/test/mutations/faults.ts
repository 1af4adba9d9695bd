/** Faults that mutations.long.test.ts plants in the engine, one at a time. */

/** A fault planted in the code: what it is, where, and the text that it replaces. */
interface Fault {
  what: string;
  file: string;
  from: string;
  to: string;
}

const BOOK = 'book/src/order-book.ts';
const LEDGER = 'ledger/src/ledger.ts';
const ENGINE = 'engine/src/engine.ts';
const SETTLEMENT = 'engine/src/settlement.ts';
const ACCOUNTS = 'engine/src/account-rules.ts';
const MATCHING = 'engine/src/rules/matching.ts';
const RULES = 'engine/src/rules/rule-book.ts';
const ENDING = 'engine/src/rules/ending.ts';
const CASCADE = 'engine/src/rules/cascade.ts';
const TRIGGERS = 'engine/src/rules/triggers.ts';
const CONTROLS = 'engine/src/rules/controls.ts';
const AUCTION = 'engine/src/rules/auction.ts';
const SESSIONS = 'engine/src/rules/sessions.ts';
const LISTS = 'engine/src/rules/lists.ts';
const PEGS = 'engine/src/rules/pegs.ts';

/** Each must make a random stream differ between the engine and the reference venue. */
export const FAULTS: readonly Fault[] = [
  {
    what: 'a new order joins the front of its queue',
    file: BOOK,
    from: 'orders[at | PREVIOUS] = tail;\n    orders[at | NEXT] = 0;\n    if (tail !== 0) orders[(tail << ORDER_SHIFT) | NEXT] = slot;\n    else words[level | HEAD] = slot;\n    words[level | TAIL] = slot;',
    to: 'const head = words[level | HEAD];\n    orders[at | PREVIOUS] = 0;\n    orders[at | NEXT] = head;\n    if (head !== 0) orders[(head << ORDER_SHIFT) | PREVIOUS] = slot;\n    else words[level | TAIL] = slot;\n    words[level | HEAD] = slot;',
  },
  {
    what: 'an order at the limit price itself does not trade',
    file: BOOK,
    from: 'while (quantity > 0 && words[BEST | other] <= limitKey',
    to: 'while (quantity > 0 && words[BEST | other] < limitKey',
  },
  {
    what: 'a level keeps the lots that traded',
    file: BOOK,
    from: 'f64[(level >> 1) | F64_TOTAL] -= before - quantity;',
    to: 'f64[(level >> 1) | F64_TOTAL] -= 0;',
  },
  { what: 'a lowered order keeps its lots in the level', file: BOOK, from: 'place.f64[(place.at >> 1) | F64_TOTAL] -= less;', to: '' },
  {
    what: 'the cost of a market order forgets a level',
    file: BOOK,
    from: 'sum += lots * keyOf(other, key);',
    to: 'sum = lots * keyOf(other, key);',
  },
  {
    what: 'the middle order of a queue unlinks its neighbour wrongly',
    file: BOOK,
    from: 'if (next !== 0) orders[(next << ORDER_SHIFT) | PREVIOUS] = previous;',
    to: 'if (next !== 0) orders[(next << ORDER_SHIFT) | PREVIOUS] = 0;',
  },
  {
    what: 'a hold takes one unit too little',
    file: LEDGER,
    from: 'balances[at + AVAILABLE] -= amount;\n    balances[at + HELD] += amount;',
    to: 'balances[at + AVAILABLE] -= amount - 1;\n    balances[at + HELD] += amount;',
  },
  {
    what: 'a fee is rounded down',
    file: LEDGER,
    from: 'return Math.ceil(product / 1_000_000);',
    to: 'return Math.floor(product / 1_000_000);',
  },
  {
    what: 'a withdrawal does not lower the supply',
    file: LEDGER,
    from: 'this.#totals[asset * TOTALS + SUPPLY] -= amount;\n    return true;',
    to: 'return true;',
  },
  {
    what: 'the last unit cannot be spent',
    file: LEDGER,
    from: 'return available >= amount || (this.unchecked',
    to: 'return available > amount || (this.unchecked',
  },
  {
    what: 'a better price than the limit releases nothing',
    file: ENGINE,
    from: 'if (taker.price !== price) ledger.release(taker.account, quote, (taker.price - price) * lots * unit);',
    to: '',
  },
  {
    what: 'the maker pays the taker fee',
    file: ENGINE,
    from: 'makerFee = feeOf(quoteUnits, instruments.i32[at | MAKER_FEE]);',
    to: 'makerFee = feeOf(quoteUnits, instruments.i32[at | TAKER_FEE]);',
  },
  {
    what: 'a cancel releases nothing',
    file: ENGINE,
    from: 'const asset = this.#releaseOpen(account, instrument, side, price, left);',
    to: 'const asset = this.#paidBy(instrument, side);',
  },
  {
    what: 'fill-or-kill trades what there is',
    file: ENGINE,
    from: '(taker.timeInForce !== FOK || this.#fillable())',
    to: '(taker.timeInForce !== FOK || true)',
  },
  {
    what: 'an amendment may go down to what has traded',
    file: ENGINE,
    from: 'if (quantity >= original || newLeft < 1) {',
    to: 'if (quantity >= original || newLeft < 0) {',
  },
  { what: 'another account may cancel an order', file: ENGINE, from: 'orders[order | O_ACCOUNT] === i32[at | ACCOUNT] &&', to: '' },
  {
    what: 'a rebate is paid that the venue has not collected',
    file: SETTLEMENT,
    from: 'Math.min(mulDiv(units, -rate, WHOLE), Math.max(0, this.#ledger.fees(asset)))',
    to: 'mulDiv(units, -rate, WHOLE)',
  },
  {
    what: "a buyer's discount is the seller's",
    file: SETTLEMENT,
    from: 'asset === this.#instruments.i32[at | BASE]',
    to: 'asset !== this.#instruments.i32[at | BASE]',
  },
  { what: 'a third-asset fee is rounded down', file: SETTLEMENT, from: '+ divisor - 1n) / divisor', to: ') / divisor' },
  {
    what: 'both sides of an auction do not pay the same fee',
    file: SETTLEMENT,
    from: '(flags & IN_AUCTION) === 0, makerUnits',
    to: 'true, makerUnits',
  },
  {
    what: 'an order that trades still counts as bought',
    file: SETTLEMENT,
    from: 'if ((modes[buyer] & COUNTED) !== 0) accounts.bought(buyer, base, baseUnits);',
    to: '',
  },
  {
    what: 'one message too many passes',
    file: ACCOUNTS,
    from: '[account * F64_WORDS + F64_SECOND_MESSAGES] > most',
    to: '[account * F64_WORDS + F64_SECOND_MESSAGES] > most + 1',
  },
  {
    what: 'trades of the day are not counted',
    file: ACCOUNTS,
    from: 'this.f64[account * F64_WORDS + F64_DAY_TRADES]++;',
    to: '',
  },
  {
    what: 'an iceberg refreshes at the front',
    file: ENDING,
    from: 'book.rest(slot, side, price, shown);\n    return shown;',
    to: 'const first = book.first(side, price);\n    if (first !== 0) {\n      const firstLots = this.#orders[first * ORDER_WORDS + O_LEFT];\n      book.remove(first, side);\n      book.rest(slot, side, price, shown);\n      book.rest(first, side, price, firstLots);\n      return shown;\n    }\n    book.rest(slot, side, price, shown);\n    return shown;',
  },
  {
    what: 'an iceberg loses its reserve',
    file: ENDING,
    from: 'this.#i32[at + RESERVE] -= shown;\n    book.rest',
    to: 'this.#i32[at + RESERVE] = 0;\n    book.rest',
  },
  {
    what: 'hidden orders trade before displayed ones',
    file: MATCHING,
    from: 'const stop = byTime ? this.#matchByTime(displayedBook, other, price)',
    to: 'if (hiddenBook !== undefined) this.#matchHidden(hiddenBook, other, price);\n      const stop = byTime ? this.#matchByTime(displayedBook, other, price)',
  },
  { what: 'a minimum quantity is not asked for', file: MATCHING, from: 'incoming >= Math.min(least, left)', to: 'incoming > 0' },
  {
    what: 'expire-both leaves the maker',
    file: MATCHING,
    from: 'this.#report(slot, price, lots, left, taker.left);\n        this.#ruleBook.ending.end(slot, REASON.SELF_TRADE);',
    to: 'this.#report(slot, price, lots, left, taker.left);',
  },
  {
    what: 'decrement takes the larger quantity',
    file: MATCHING,
    from: 'const lots = Math.min(left, taker.left);',
    to: 'const lots = Math.min(left, Math.max(1, taker.left - 1));',
  },
  {
    what: 'a prevented match says that expire-taker costs the maker too',
    file: MATCHING,
    from: 'this.#report(slot, price, lots, 0, taker.left);',
    to: 'this.#report(slot, price, lots, left, taker.left);',
  },
  {
    what: 'prevented matches have the numbers of trades',
    file: MATCHING,
    from: '++instruments.f64[taker.instrument * INSTRUMENT_NUMBERS + F64_PREVENTED]',
    to: '++instruments.f64[taker.instrument * INSTRUMENT_NUMBERS + instrumentRecord.F64_TRADES]',
  },
  {
    what: 'pro rata forgets what the top order has been given',
    file: MATCHING,
    from: 'mulDiv(toShare, sizeOf(i) - given[i], rest)',
    to: 'mulDiv(toShare, sizeOf(i), rest)',
  },
  {
    what: 'the top order gets its share rounded up',
    file: MATCHING,
    from: 'mulDiv(lots, instruments.rule(instrument, INSTRUMENT_RULE.TOP_SHARE), 100)',
    to: 'mulDiv(lots, instruments.rule(instrument, INSTRUMENT_RULE.TOP_SHARE) + 9, 100)',
  },
  {
    what: 'the dynamic band is a tick too wide',
    file: MATCHING,
    from: 'if (!reached(taker.side, band, price)) return REASON.CIRCUIT_BREAKER;',
    to: 'if (!reached(taker.side, taker.side === BUY ? band + 1 : band - 1, price)) return REASON.CIRCUIT_BREAKER;',
  },
  {
    what: 'a survey counts own orders',
    file: MATCHING,
    from: 'if (byTime) this.#surveyOwn(survey, slot);\n        continue;',
    to: 'if (byTime) this.#surveyOwn(survey, slot);',
  },
  {
    what: 'a stop fires one tick late',
    file: TRIGGERS,
    from: 'book.bestAsk !== 0 && book.bestAsk <= up;',
    to: 'book.bestAsk !== 0 && book.bestAsk < up;',
  },
  {
    what: 'triggers at one price fire in the wrong order',
    file: TRIGGERS,
    from: 'new SlotHeap(pool, F64_ENTRY, TRAIL_HEAP, F64_ENTRY)',
    to: 'new SlotHeap(pool, special.F64_EXPIRY, TRAIL_HEAP, special.F64_LIST)',
  },
  {
    what: 'a trailing extreme does not move',
    file: TRIGGERS,
    from: 'if (merged !== 0) this.#push(stack, merged, value);',
    to: 'if (merged !== 0) this.#push(stack, merged, this.#i32[merged * WORDS + EXTREME]);',
  },
  { what: 'basis points of a rising trail are rounded down', file: TRIGGERS, from: '(isWhole(extreme, distance) ? 0 : 1)', to: '0' },
  {
    what: 'the middle is rounded the same way for both',
    file: TRIGGERS,
    from: 'Math.floor((bestBid + bestAsk + rounding) / 2)',
    to: 'Math.floor((bestBid + bestAsk) / 2)',
  },
  {
    what: 'a post-only order may take',
    file: CONTROLS,
    from: 'return e.price === 0 ? REASON.WOULD_TAKE : REASON.NONE;',
    to: 'return REASON.NONE;',
  },
  {
    what: 'a slid order stands a tick too far',
    file: CONTROLS,
    from: 'side === BUY ? best - 1 : best + 1',
    to: 'side === BUY ? best - 2 : best + 2',
  },
  {
    what: 'a stop that is reached is accepted',
    file: CONTROLS,
    from: 'return reached ? REASON.WOULD_TRIGGER : REASON.NONE;',
    to: 'return REASON.NONE;',
  },
  {
    what: 'the static band is not looked at for sellers',
    file: CONTROLS,
    from: 'e.price > bandEnd(BUY, centre, band) || e.price < bandEnd(SELL, centre, band)',
    to: 'e.price > bandEnd(BUY, centre, band)',
  },
  {
    what: 'a position may be passed by the order itself',
    file: CONTROLS,
    from: 'has + position.openBuys + more > position.most',
    to: 'has + position.openBuys > position.most',
  },
  { what: 'a seller’s mid peg is rounded down', file: CONTROLS, from: '(side === SELL ? 1 : 0)', to: '0' },
  {
    what: 'one open order too many',
    file: CONTROLS,
    from: 'accounts.openOrders(e.account) + others >= most',
    to: 'accounts.openOrders(e.account) + others > most',
  },
  {
    what: 'a vanished remainder stays held',
    file: RULES,
    from: 'ledger.release(account, this.facts.paidBy(instrument, taker.side), left * this.facts.perLot(instrument, taker.side, taker.hold));',
    to: '',
  },
  {
    what: 'a prevented self-trade keeps the hold',
    file: ENDING,
    from: 'ledger.release(account, this.#facts.paidBy(instrument, side), this.#facts.perLot(instrument, side, taker.hold) * lots);',
    to: '',
  },
  {
    what: 'both orders of a pair hold in full',
    file: 'engine/src/rules/enter-list.ts',
    from: 'Math.max(0, legs[later].entry.need - legs[1 - later].entry.need)',
    to: 'legs[later].entry.need',
  },
  {
    what: 'expiry is looked at a moment late',
    file: CASCADE,
    from: '[record * F64_WORDS + F64_EXPIRY] > writer.time) break;',
    to: '[record * F64_WORDS + F64_EXPIRY] >= writer.time) break;',
  },
  {
    what: 'nobody looks at pegs and triggers after a cancel',
    file: ENDING,
    from: 'memory.orders.give(slot);\n    this.#ruleBook.cascade.touch(instrument);',
    to: 'memory.orders.give(slot);',
  },
  {
    what: 'an auction prefers the greater surplus',
    file: AUCTION,
    from: '(volume === best.volume && Math.abs(surplus) < Math.abs(best.surplus))',
    to: '(volume === best.volume && Math.abs(surplus) > Math.abs(best.surplus))',
  },
  {
    what: 'an auction leaves out the prices between orders',
    file: AUCTION,
    from: 'if (next > price + 1) consider(price + 1, next - 1);',
    to: '',
  },
  {
    what: 'an auction forgets the reserves of icebergs',
    file: AUCTION,
    from: 'lots = this.#specials[record * WORDS + RESERVE];',
    to: 'lots = 0;',
  },
  {
    what: 'conditional orders take part in auctions',
    file: AUCTION,
    from: 'else if (this.#specials[record * WORDS + MIN_QUANTITY] === 0) lots',
    to: 'else lots',
  },
  {
    what: 'an auction takes what is hidden on the other side for its own',
    file: AUCTION,
    from: 'const levels = sides[(this.#orders[at + orderRecord.TERMS] >>> 16) & 1];',
    to: 'const levels = sides[0];',
  },
  {
    what: 'day orders live on when the instrument closes',
    file: SESSIONS,
    from: 'const ENDED_BY_CLOSE = [DAY, AT_OPEN, AT_CLOSE];',
    to: 'const ENDED_BY_CLOSE = [AT_OPEN, AT_CLOSE];',
  },
  {
    what: 'orders for the open stay after it',
    file: SESSIONS,
    from: 'if (isBeforeOpen(old) && !isBeforeOpen(state)) return AT_OPEN;',
    to: '',
  },
  {
    what: 'the other order of a pair lives on',
    file: LISTS,
    from: 'this.pool.i32[listSlot * WORDS + STATE] |= DECIDED;\n    this.#ruleBook.ending.end(sibling, REASON.LIST_DONE);',
    to: 'this.pool.i32[listSlot * WORDS + STATE] |= DECIDED;',
  },
  {
    what: 'waiting orders enter when the working one is cancelled',
    file: LISTS,
    from: 'if (waiting !== 0) this.#ruleBook.ending.end(waiting, reason);',
    to: 'if (waiting !== 0) this.#ruleBook.waiting.queue(this.#engine.specials.of(waiting));',
  },
  {
    what: 'a client that cancels an order of a list leaves the others',
    file: LISTS,
    from: 'if (byClient !== REASON.NONE) this.#endFrom(listSlot, 1, byClient);\n    else if',
    to: 'if',
  },
  {
    what: 'pegs are not looked at when the ask moves',
    file: PEGS,
    from: 'ruleWords[at + PEG_BID] !== books[instrument].bestBid || ruleWords[at + PEG_ASK] !== books[instrument].bestAsk',
    to: 'ruleWords[at + PEG_BID] !== books[instrument].bestBid',
  },
];
