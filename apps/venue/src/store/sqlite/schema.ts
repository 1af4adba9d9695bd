/** The tables of the SQLite store, and their version. */

/** What a candle sums up, each as exact.ts has it: in two columns, the second of them its high part. */
export const CANDLE_SUMS = ['quantity', 'amount', 'taker_buy_quantity', 'taker_buy_amount'] as const;
const SUM_COLUMNS = CANDLE_SUMS.flatMap((name) => [name, `${name}_high`]);

/** Tables of the store. Amounts are whole units, prices ticks, quantities lots, times microseconds since 1970. Indexes end with the rowid by themselves: of orders, their id. */
export const SCHEMA = `
CREATE TABLE IF NOT EXISTS meta (name TEXT PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS orders (
  id INTEGER PRIMARY KEY,
  account INTEGER NOT NULL,
  instrument INTEGER NOT NULL,
  client_id TEXT NOT NULL,
  side INTEGER NOT NULL,
  terms INTEGER NOT NULL,
  price INTEGER NOT NULL,
  quantity INTEGER NOT NULL,
  amount INTEGER NOT NULL,
  executed INTEGER NOT NULL,
  executed_amount INTEGER NOT NULL,
  status INTEGER NOT NULL,
  time INTEGER NOT NULL,
  update_time INTEGER NOT NULL,
  special TEXT,
  list INTEGER NOT NULL,
  decremented INTEGER NOT NULL,
  prevented_match INTEGER NOT NULL
);
CREATE INDEX IF NOT EXISTS orders_of_list ON orders (list) WHERE list <> 0;
CREATE TABLE IF NOT EXISTS lists (
  id INTEGER PRIMARY KEY,
  account INTEGER NOT NULL,
  instrument INTEGER NOT NULL,
  type INTEGER NOT NULL,
  client_id TEXT NOT NULL,
  time INTEGER NOT NULL
);
CREATE INDEX IF NOT EXISTS lists_of_account ON lists (account, id);
CREATE INDEX IF NOT EXISTS lists_by_client_id ON lists (account, client_id);
CREATE INDEX IF NOT EXISTS orders_of_account ON orders (account, instrument);
CREATE INDEX IF NOT EXISTS orders_by_client_id ON orders (account, instrument, client_id) WHERE client_id <> '';
CREATE TABLE IF NOT EXISTS trades (
  instrument INTEGER NOT NULL,
  id INTEGER NOT NULL,
  aggregate INTEGER NOT NULL,
  price INTEGER NOT NULL,
  quantity INTEGER NOT NULL,
  amount INTEGER NOT NULL,
  time INTEGER NOT NULL,
  taker_side INTEGER NOT NULL,
  maker INTEGER NOT NULL,
  maker_order INTEGER NOT NULL,
  maker_fee INTEGER NOT NULL,
  maker_fee_asset INTEGER NOT NULL,
  taker INTEGER NOT NULL,
  taker_order INTEGER NOT NULL,
  taker_fee INTEGER NOT NULL,
  taker_fee_asset INTEGER NOT NULL,
  PRIMARY KEY (instrument, id)
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS trades_of_maker ON trades (maker, instrument, id);
CREATE INDEX IF NOT EXISTS trades_of_taker ON trades (taker, instrument, id);
CREATE INDEX IF NOT EXISTS trades_by_aggregate ON trades (instrument, aggregate);
CREATE TABLE IF NOT EXISTS prevented_matches (
  instrument INTEGER NOT NULL,
  id INTEGER NOT NULL,
  mode INTEGER NOT NULL,
  price INTEGER NOT NULL,
  quantity INTEGER NOT NULL,
  trade_group INTEGER NOT NULL,
  time INTEGER NOT NULL,
  maker INTEGER NOT NULL,
  maker_order INTEGER NOT NULL,
  maker_quantity INTEGER NOT NULL,
  taker INTEGER NOT NULL,
  taker_order INTEGER NOT NULL,
  taker_quantity INTEGER NOT NULL,
  PRIMARY KEY (instrument, id)
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS prevented_of_maker ON prevented_matches (maker_order, instrument, id);
CREATE INDEX IF NOT EXISTS prevented_of_taker ON prevented_matches (taker_order, instrument, id);
CREATE TABLE IF NOT EXISTS amendments (
  order_id INTEGER NOT NULL,
  sequence INTEGER NOT NULL,
  quantity INTEGER NOT NULL,
  new_quantity INTEGER NOT NULL,
  time INTEGER NOT NULL,
  PRIMARY KEY (order_id, sequence)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS balances (
  account INTEGER NOT NULL,
  asset INTEGER NOT NULL,
  available INTEGER NOT NULL,
  held INTEGER NOT NULL,
  PRIMARY KEY (account, asset)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS candles (
  instrument INTEGER NOT NULL,
  seconds INTEGER NOT NULL,
  open_time INTEGER NOT NULL,
  open INTEGER NOT NULL,
  high INTEGER NOT NULL,
  low INTEGER NOT NULL,
  close INTEGER NOT NULL,
  trades INTEGER NOT NULL,
${SUM_COLUMNS.map((column) => `  ${column} INTEGER NOT NULL,`).join('\n')}
  PRIMARY KEY (instrument, seconds, open_time)
) WITHOUT ROWID;
`;

/** Raised with every change of the tables: a store of another version is built anew from the journal. */
export const SCHEMA_VERSION = 5;
