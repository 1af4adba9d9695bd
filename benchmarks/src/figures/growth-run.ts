// A process of its own: what each operation costs the engine, and the gateway's view behind it, with so many orders of a kind open.
import fs from 'node:fs';
import { Engine } from '@outcry/engine/engine';
import { LocalEvents } from '@outcry/engine/event-output';
import { COMMAND, command, commandHead, LIST_TYPE, POST_ONLY } from '@outcry/market/command';
import { EVENT, event } from '@outcry/market/event';
import { kindOf } from '@outcry/market/event-reader';
import { BUY, DAY, GTC, GTD, IOC, LIMIT, SELL, STOP, type TimeInForce } from '@outcry/market/order-terms';
import { TRADING_STATE } from '@outcry/market/states';
import { terms, termsFlags } from '@outcry/market/terms';
import { raiseInliningBudget } from '@outcry/memory/runtime';
import { Depth } from '@outcry/venue/core/feeds/depth';
import type { ViewListener } from '@outcry/venue/core/orders/listeners';
import { OpenOrders } from '@outcry/venue/core/orders/open-orders';
import { SharedState } from '@outcry/venue/core/orders/shared-state';
import { View } from '@outcry/venue/core/orders/view';
import { textHash } from '@outcry/venue/spine/commands';
import { apply, BENCH_LIMITS, CommandBlock, setUpCommands } from '../engine-workload.ts';

raiseInliningBudget();

type Kind = 'plain' | 'DAY' | 'GTD' | 'stop' | 'list' | 'text';

/** What one run reports on file descriptor 3: nanoseconds an operation, by its name. */
export interface GrowthRun {
  engine: Record<string, number>;
  view: Record<string, number>;
  correct: boolean;
}

const ACCOUNTS = 1000;
const ACTIVE = 0;
/** accounts that have no orders of the background */
const FEW = 1001;
const UNIT = 10;
const MIDDLE = 1_000_000;
const LEVELS = 20_000;
const BATCH = 10;
const ROUNDS = 400;
const WARM_UP = 150;
const FAR = 2 ** 50;

const [kind, openOrders] = [process.argv[2] as Kind, Number(process.argv[3])];
if (process.argv[2] === 'load') process.exit(); // a first process fills the compile cache: see runtime.ts

const none = () => undefined;
const quiet: ViewListener = {
  follows: () => false,
  onTrade: none,
  onState: none,
  onAuction: none,
  onDepth: (instrument, side, price, lots) => depths[instrument].change(side, price, lots),
  onInstrument: none,
  onAccepted: none,
  onRested: none,
  onFill: none,
  onPrevented: none,
  onEnded: none,
  onTriggered: none,
  onAmended: none,
  onListEntered: none,
  onListDone: none,
  onBalance: none,
  onTransfer: none,
  onRejected: none,
  onRecord: none,
};
const depths = [new Depth(), new Depth()];
for (const depth of depths) depth.addCollector();
const output = new LocalEvents(1 << 14);
const engine = new Engine(output, BENCH_LIMITS);
const state = new SharedState({ accounts: BENCH_LIMITS.accounts, assets: 8, instruments: BENCH_LIMITS.instruments });
const orders = new OpenOrders(BENCH_LIMITS.orders, BENCH_LIMITS.accounts);
const view = new View(quiet, () => UNIT, state, orders);
const result: GrowthRun = { engine: {}, view: {}, correct: true };

// ── Commands ─────────────────────────────────────────────────────────────────────────────────────────────────────────────

let time = 1;
let block = new CommandBlock(1 << 12);
let number = 0;

function put(head: number, account: number, words: Record<number, number> = {}): number {
  const at = block.next(head, account);
  block.i32.fill(0, at + command.INSTRUMENT_WORD, at + command.WORDS);
  block.i32[at + command.ACCOUNT] = account;
  block.f64[(at >> 1) + command.F64_TIME] = ++time;
  for (const [word, value] of Object.entries(words)) block.i32[at + Number(word)] = value;
  return at;
}

function limit(
  side: number,
  price: number,
  account: number,
  timeInForce: TimeInForce,
  { quantity = 1, instrument = 0, flags = 0, leg = false }: { quantity?: number; instrument?: number; flags?: number; leg?: boolean } = {},
): number {
  const head = commandHead(leg ? COMMAND.LEG : COMMAND.NEW_ORDER, side as 0 | 1, LIMIT, timeInForce, flags);
  return put(head, account, { [command.INSTRUMENT_WORD]: instrument, [command.PRICE]: price, [command.QUANTITY]: quantity });
}

function stopTerms(stopPrice: number): void {
  put(commandHead(COMMAND.TERMS), 0, { [terms.FLAGS]: termsFlags({ trigger: STOP }), [terms.STOP_PRICE]: stopPrice });
}

function expiryTerms(expiry: number): void {
  const at = put(commandHead(COMMAND.TERMS), 0);
  block.f64[(at >> 1) + terms.F64_EXPIRY] = expiry;
}

function text(words: string): void {
  const at = put(commandHead(COMMAND.TEXT), 0);
  block.i32.fill(0, at + 1, at + command.WORDS);
  Buffer.from(block.i32.buffer, block.i32.byteOffset + (at + command.TEXT) * 4, command.TEXT_BYTES).write(words);
}

/** A sell order of the kind that is measured, `away` ticks from the middle; of a list: its two. */
function enter(of: Kind, account: number, away: number, quantity = 1): void {
  const price = MIDDLE + away;
  if (of === 'plain') limit(SELL, price, account, GTC, { quantity });
  else if (of === 'DAY') limit(SELL, price, account, DAY, { quantity });
  else if (of === 'GTD') {
    expiryTerms(FAR + (number++ % 100_000));
    limit(SELL, price, account, GTD, { quantity });
  } else if (of === 'stop') {
    stopTerms(MIDDLE - 100_000 - away);
    limit(SELL, 1, account, GTC, { quantity });
  } else if (of === 'list') {
    limit(SELL, price, account, GTC, { quantity, flags: POST_ONLY, leg: true });
    stopTerms(MIDDLE - 100_000 - away);
    limit(SELL, 1, account, GTC, { quantity, leg: true });
    put(commandHead(COMMAND.NEW_LIST), account, { [command.ASSET]: LIST_TYPE.OCO });
  } else {
    const id = `order-${number++}`;
    text(id);
    const at = limit(SELL, price, account, GTC, { quantity });
    [block.i32[at + command.CLIENT_LOW], block.i32[at + command.CLIENT_HIGH]] = textHash(id);
  }
}

// ── Playing and timing ───────────────────────────────────────────────────────────────────────────────────────────────────

/** Orders accepted in the last batch: slot and generation. */
const accepted: [slot: number, generation: number][] = [];
const ends: Record<number, number> = {};
/** orders that are open all the while; of a list its two, one after the other */
const background: [slot: number, generation: number][] = [];

function meant([slot, generation]: [number, number]): Record<number, number> {
  return { [command.ORDER_SLOT]: slot, [command.ORDER_GENERATION]: generation };
}

/** Plays what was put. Returns the nanoseconds that the engine and the view took. */
function play(): [engine: number, view: number] {
  const started = performance.now();
  apply(engine, block);
  const applied = performance.now();
  for (let e = 0; e < output.count; e++) view.apply(output.i32, output.f64, e * event.WORDS);
  const viewed = performance.now();
  accepted.length = 0;
  for (let at = 0; at < output.count * event.WORDS; at += event.WORDS) {
    const emitted = kindOf(output.i32, at);
    ends[emitted] = (ends[emitted] ?? 0) + 1;
    if (emitted === EVENT.ACCEPTED) accepted.push([output.i32[at + event.ORDER_SLOT], output.i32[at + event.ORDER_GENERATION]]);
  }
  output.clear();
  block.count = 0;
  return [(applied - started) * 1e6, (viewed - applied) * 1e6];
}

/** The mean without what the machine was doing otherwise: the slowest tenth. */
function steady(times: number[]): number {
  const sorted = times.slice(WARM_UP).sort((a, b) => a - b);
  const kept = sorted.slice(0, Math.ceil(sorted.length * 0.9));
  return kept.reduce((sum, ns) => sum + ns, 0) / kept.length;
}

/** Times parts of a round, each with so many operations, over many rounds. */
function measure(parts: Record<string, number>, round: (time: (name: string) => void) => void, rounds = ROUNDS): void {
  const engineTimes: Record<string, number[]> = {};
  const viewTimes: Record<string, number[]> = {};
  for (const name of Object.keys(parts)) [engineTimes[name], viewTimes[name]] = [[], []];
  const time = (name: string) => {
    const [inEngine, inView] = play();
    if (parts[name] === undefined) return;
    engineTimes[name].push(inEngine / parts[name]);
    viewTimes[name].push(inView / parts[name]);
  };
  for (let i = 0; i < WARM_UP + rounds; i++) round(time);
  for (const name of Object.keys(parts)) {
    result.engine[name] = steady(engineTimes[name]);
    result.view[name] = steady(viewTimes[name]);
  }
}

function cancelAll(of: readonly [number, number][], account: number): void {
  for (const order of of) put(commandHead(COMMAND.CANCEL), account, meant(order));
}

const batch = (put: (i: number) => void) => {
  for (let i = 0; i < BATCH; i++) put(i);
};

/** Somewhere among the levels of the background, another one each time. */
function somewhere(): number {
  return 1000 + ((number++ * 7919) % LEVELS);
}

function populate(): void {
  apply(engine, setUpCommands(FEW + 1));
  put(commandHead(COMMAND.DEFINE_INSTRUMENT), 0, { [command.INSTRUMENT_WORD]: 1, [command.ASSET]: 1 });
  block.f64[command.F64_AMOUNT] = 1000;
  block.f64[command.F64_UNIT] = 10;
  play();
  block = new CommandBlock(1 << 14);
  for (let i = 0; i < (kind === 'list' ? openOrders / 2 : openOrders); i++) {
    enter(kind, 1 + (i % ACCOUNTS), somewhere());
    if (block.count <= 8000 && i < openOrders - 1) continue;
    play();
    background.push(...accepted);
  }
  play();
  result.correct &&= engine.memory.orders.inUse === openOrders && orders.size === openOrders;
}

populate();

// ── What is measured ─────────────────────────────────────────────────────────────────────────────────────────────────────

const perEntry = kind === 'list' ? 2 : 1;
measure({ enter: BATCH * perEntry, cancel: BATCH * perEntry }, (time) => {
  batch(() => enter(kind, ACTIVE, somewhere()));
  time('enter');
  const entered = accepted.slice();
  cancelAll(kind === 'list' ? entered.filter((_, i) => i % 2 === 0) : entered, ACTIVE); // one of a pair takes the other with it
  time('cancel');
});

if (kind !== 'list') {
  // Orders that nobody has touched for long: what they cost more is memory.
  measure({ 'cancel an old one': BATCH }, (time) => {
    const places = Array.from({ length: BATCH }, () => (number++ * 104_729) % background.length);
    const owners = new Set(places);
    for (const place of owners) put(commandHead(COMMAND.CANCEL), 1 + (place % ACCOUNTS), meant(background[place]));
    time(owners.size === BATCH ? 'cancel an old one' : '');
    for (const place of owners) enter(kind, 1 + (place % ACCOUNTS), somewhere());
    time('enter');
    [...owners].forEach((place, i) => {
      background[place] = accepted[i];
    });
  });

  measure({ amend: BATCH }, (time) => {
    batch(() => enter(kind, ACTIVE, somewhere(), 5));
    time('enter');
    const entered = accepted.slice();
    for (const order of entered) put(commandHead(COMMAND.AMEND), ACTIVE, { ...meant(order), [command.QUANTITY]: 3 });
    time('amend');
    cancelAll(entered, ACTIVE);
    time('cancel');
  });
}

const maker: Kind = kind === 'stop' ? 'plain' : kind;
measure({ 'trade partially': BATCH, 'trade whole': 1 }, (time) => {
  enter(maker, ACTIVE, 10, BATCH + 1);
  time('enter');
  batch(() => limit(BUY, MIDDLE + 10, FEW, IOC));
  time('trade partially');
  limit(BUY, MIDDLE + 10, FEW, IOC);
  time('trade whole');
});

measure({ trigger: BATCH }, (time) => {
  batch(() => {
    stopTerms(MIDDLE + 500);
    limit(BUY, MIDDLE - 5000, ACTIVE, GTC);
  });
  time('enter');
  const entered = accepted.slice();
  limit(SELL, MIDDLE + 500, FEW, GTC);
  limit(BUY, MIDDLE + 500, FEW, GTC);
  time('trigger');
  cancelAll(entered, ACTIVE);
  limit(SELL, MIDDLE, FEW, GTC); // the last price goes back
  limit(BUY, MIDDLE, FEW, GTC);
  time('');
});

measure({ expire: BATCH }, (pass) => {
  batch(() => {
    expiryTerms(time + 10_000);
    limit(SELL, MIDDLE + somewhere(), ACTIVE, GTD);
  });
  pass('enter');
  time += 20_000;
  put(commandHead(COMMAND.CLOCK), 0);
  pass('expire');
});

measure({ 'cancel all of an account, ten orders': BATCH }, (time) => {
  batch(() => limit(SELL, MIDDLE + somewhere(), FEW, GTC));
  time('enter');
  const any = { [command.PRICE]: -1, [command.QUANTITY]: -1, [command.ASSET]: -1 };
  put(commandHead(COMMAND.MASS_CANCEL), FEW, any);
  time('cancel all of an account, ten orders');
});

measure({ 'close an instrument, ten DAY orders': BATCH }, (time) => {
  batch(() => limit(SELL, MIDDLE + somewhere(), FEW, DAY, { quantity: 1, instrument: 1 }));
  time('enter');
  put(commandHead(COMMAND.SET_STATE), 0, { [command.INSTRUMENT_WORD]: 1, [command.ASSET]: TRADING_STATE.CLOSED });
  time('close an instrument, ten DAY orders');
  put(commandHead(COMMAND.SET_STATE), 0, { [command.INSTRUMENT_WORD]: 1, [command.ASSET]: TRADING_STATE.CONTINUOUS });
  time('');
});

measure({ 'auction of another instrument, ten orders': BATCH }, (time) => {
  put(commandHead(COMMAND.SET_STATE), 0, { [command.INSTRUMENT_WORD]: 1, [command.ASSET]: TRADING_STATE.PRE_OPEN });
  batch((i) => limit(i % 2, MIDDLE, FEW, GTC, { quantity: 1, instrument: 1 }));
  time('');
  put(commandHead(COMMAND.SET_STATE), 0, { [command.INSTRUMENT_WORD]: 1, [command.ASSET]: TRADING_STATE.CONTINUOUS });
  time('auction of another instrument, ten orders');
});

/** Times what only the view does. */
function look(name: string, run: () => void): void {
  const times: number[] = [];
  for (let i = 0; i < WARM_UP + ROUNDS; i++) {
    const started = performance.now();
    batch(run);
    times.push(((performance.now() - started) * 1e6) / BATCH);
  }
  result.view[name] = steady(times);
}

for (let i = 0; i < BATCH; i++) enter('text', FEW, somewhere());
play();
const ids = accepted.map(([slot]) => orders.copy(slot));
let n = 0;
look('find by client order id', () => {
  result.correct &&= orders.findByClientId(FEW, ids[n++ % BATCH].clientId) !== undefined;
});
look('find by order id', () => {
  result.correct &&= orders.get(ids[n++ % BATCH].id) !== undefined;
});
look('open orders of an account, ten', () => {
  let count = 0;
  for (const order of orders.of(FEW)) count += order.quantity;
  result.correct &&= count === BATCH;
});
result.correct &&=
  engine.memory.orders.inUse === openOrders + BATCH && orders.size === openOrders + BATCH && (ends[EVENT.REJECTED] ?? 0) === 0;
for (const asset of [0, 1]) result.correct &&= engine.ledger.discrepancy(asset) === 0;
fs.writeSync(3, JSON.stringify(result));
