import { ALLOW_FAILURE, COMMAND, COMMAND_NAMES, command, orderId, POST_ONLY } from '@outcry/market/command';

const SIDES = ['buy', 'sell'];
const KINDS = ['limit', 'market', 'market_by_amount'];
const TIMES_IN_FORCE = ['gtc', 'ioc', 'fok'];

const { HEAD, PLACE, ACCOUNT, PRICE, QUANTITY, ORDER_SLOT, ORDER_GENERATION, ASSET, F64_TIME, F64_AMOUNT, F64_UNIT, TEXT } = command;

/** A journaled command by the names of its fields; numbers are ticks, lots and units, as the engine has them. */
export function describeCommand(i32: Int32Array, f64: Float64Array, at: number): Record<string, string | number> {
  const head = i32[at + HEAD];
  const kind = head & 0xff;
  const name = COMMAND_NAMES[kind] ?? `unknown_${kind}`;
  if (kind === COMMAND.TEXT) return { kind: name, text: textOf(i32, at + TEXT) };
  const common = { kind: name, time: new Date(f64[(at >> 1) + F64_TIME] / 1000).toISOString() };
  const account = i32[at + ACCOUNT];
  const asset = i32[at + ASSET];
  const instrument = i32[at + PLACE] & 0xffff;
  const amount = f64[(at >> 1) + F64_AMOUNT];
  const meant = orderId(i32[at + ORDER_SLOT], i32[at + ORDER_GENERATION]);
  switch (kind) {
    case COMMAND.NEW_ORDER:
      return { ...common, account, instrument, ...termsOf(head, i32, at, amount) };
    case COMMAND.CANCEL:
      return { ...common, account, instrument, order: meant };
    case COMMAND.CANCEL_REPLACE:
      return { ...common, account, instrument, order: meant, ...termsOf(head, i32, at, amount) };
    case COMMAND.AMEND:
      return { ...common, account, instrument, order: meant, quantity: i32[at + QUANTITY] };
    case COMMAND.DEPOSIT:
    case COMMAND.WITHDRAW:
      return { ...common, account, asset, amount };
    case COMMAND.DEFINE_ASSET:
      return { ...common, asset, places: i32[at + QUANTITY] };
    case COMMAND.DEFINE_INSTRUMENT:
      return {
        ...common,
        instrument,
        base: account,
        quote: asset,
        makerFeePpm: i32[at + PRICE],
        takerFeePpm: i32[at + QUANTITY],
        unitsPerLot: amount,
        unitsPerTickLot: f64[(at >> 1) + F64_UNIT],
      };
    default:
      return { ...common, account };
  }
}

function termsOf(head: number, i32: Int32Array, at: number, amount: number): Record<string, string | number> {
  const flags = head >>> 24;
  const kind = KINDS[(head >>> 16) & 0xf];
  return {
    side: SIDES[(head >>> 8) & 1],
    type: kind,
    timeInForce: TIMES_IN_FORCE[(head >>> 20) & 0xf],
    ...(kind === 'limit' && { price: i32[at + PRICE] }),
    ...(kind === 'market_by_amount' ? { amount } : { quantity: i32[at + QUANTITY] }),
    ...((flags & POST_ONLY) !== 0 && { postOnly: 'yes' }),
    ...((flags & ALLOW_FAILURE) !== 0 && { allowFailure: 'yes' }),
  };
}

function textOf(i32: Int32Array, word: number): string {
  const bytes = Buffer.from(i32.buffer, i32.byteOffset + word * 4, command.TEXT_BYTES);
  const end = bytes.indexOf(0);
  return bytes.toString('utf8', 0, end < 0 ? bytes.length : end);
}
