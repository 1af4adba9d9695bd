/** The page: its panels, and the instrument and the key that they show. */
import { AccountPanel } from './account-panel.ts';
import { BookPanel } from './book-panel.ts';
import { ChartPanel } from './chart-panel.ts';
import { element } from './dom.ts';
import { type Instrument, loadInstruments } from './instruments.ts';
import { OrderPanel } from './order-panel.ts';
import { TradesPanel } from './trades-panel.ts';
import { type Credentials, type Json, query, Stream } from './venue-client.ts';

const DEMO: Credentials = { key: 'alice', secret: 'alice-secret' };
const LAST_TRADES = 30;
const CANDLES = 500;

const symbols = element<HTMLSelectElement>('symbol');
const connection = element('connection');
const signIn = element<HTMLFormElement>('sign-in');
const instruments = new Map((await loadInstruments()).map((instrument) => [instrument.symbol, instrument]));
/** Kept in this page alone, and gone with it. */
let credentials = DEMO;
let account: AccountPanel | undefined;
let stream: Stream | undefined;
let candles: Stream | undefined;

for (const symbol of instruments.keys()) symbols.append(new Option(symbol, symbol));

const orders = new OrderPanel(
  () => symbols.value,
  () => credentials,
);
const book = new BookPanel((price) => orders.setPrice(price));
const trades = new TradesPanel();
const chart = new ChartPanel(() => followCandles());

/** The one that is looked at. */
function shown(): Instrument {
  return instruments.get(symbols.value) as Instrument;
}

function input(name: string): HTMLInputElement {
  return signIn.elements.namedItem(name) as HTMLInputElement;
}

/** Follows one instrument: its book, trades and day, from now on. */
function follow(): void {
  stream?.close();
  const name = symbols.value.toLowerCase();
  const names = ['depth20@100ms', 'trade', 'ticker'].map((kind) => `${name}@${kind}`).join('/');
  stream = new Stream(() => `/stream?streams=${names}`, take, state);
  followCandles();
}

function state(live: boolean): void {
  connection.className = live ? 'live' : 'lost';
  connection.textContent = live ? 'live' : 'connection lost, trying again';
  if (live) void loadTrades();
}

async function loadTrades(): Promise<void> {
  let past: Json;
  try {
    past = await query('trades', { symbol: symbols.value, limit: LAST_TRADES });
    orders.tell();
  } catch (error) {
    orders.tell(error as Error);
    return;
  }
  trades.clear();
  for (const { price, qty, time, isBuyerMaker } of past) showTrade(price, qty, time, isBuyerMaker);
}

function followCandles(): void {
  candles?.close();
  const symbol = symbols.value;
  const { interval } = chart;
  candles = new Stream(
    async () => {
      chart.load(await query('klines', { symbol, interval, limit: CANDLES }));
      return `/ws/${symbol.toLowerCase()}@kline_${interval}`;
    },
    ({ k }) => chart.update(k),
  );
}

function take({ stream: name, data }: Json): void {
  if (name.includes('@depth')) {
    const instrument = shown();
    book.show(instrument, data.bids, data.asks);
    if (data.bids.length > 0) orders.suggest(instrument.price(data.bids[0][0]), suggestedQuantity(instrument));
  } else if (data.e === 'trade') {
    showTrade(data.p, data.q, data.T, data.m);
    showLast(data.p, data.m);
  } else if (data.e === '24hrTicker') showDay(data);
}

function suggestedQuantity({ lot, quantity }: Instrument): string {
  return quantity((Number(lot) * 1000).toFixed(8));
}

function showTrade(price: string, quantity: string, time: number, sold: boolean): void {
  const instrument = shown();
  trades.add({ price: instrument.price(price), quantity: instrument.quantity(quantity), time, sold });
}

function showLast(decimal: string, sold: boolean): void {
  const price = shown().price(decimal);
  const last = element('last-price');
  last.textContent = price;
  last.className = `strong ${sold ? 'down' : 'up'}`;
  document.title = `${price} ${symbols.value} · Outcry`;
}

function showDay({ P, h, l, v }: Json): void {
  const change = element('day-change');
  change.textContent = `${P} %`;
  change.className = Number(P) < 0 ? 'down' : 'up';
  const instrument = shown();
  element('day-high').textContent = instrument.price(h);
  element('day-low').textContent = instrument.price(l);
  element('day-volume').textContent = instrument.quantity(v);
}

function useAccount(): void {
  account?.close();
  input('key').value = credentials.key;
  input('secret').value = credentials.secret;
  account = new AccountPanel(credentials, instruments, (error) => orders.tell(error));
}

signIn.addEventListener('submit', (event) => {
  event.preventDefault();
  credentials = { key: input('key').value.trim(), secret: input('secret').value.trim() };
  orders.say('');
  useAccount();
});

symbols.addEventListener('change', () => {
  orders.clear();
  follow();
});

follow();
useAccount();
