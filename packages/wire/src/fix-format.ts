/** Writes FIX messages, as UTF-8: whole ones, long ones in pieces, and kept ones another time. */

/** `10=000` and SOH. */
export const CHECK_SUM_BYTES = 7;

/** CheckSum: the sum of the bytes up to one, in eight bits. */
export function sumOf(bytes: Uint8Array, end: number): number {
  let sum = 0;
  for (let i = 0; i < end; i++) sum += bytes[i];
  return sum & 0xff;
}

/** A field to write. Undefined values are left out. */
export type FixField = readonly [tag: number, value: string | number | undefined];

/** A whole message: BeginString, BodyLength and CheckSum are added. Values must not hold SOH. */
export function formatFix(beginString: string, fields: readonly FixField[]): Buffer {
  return frame(beginString, textOf(fields));
}

function textOf(fields: readonly FixField[]): string {
  let text = '';
  for (const [tag, value] of fields) if (value !== undefined && value !== '') text += `${tag}=${clean(value)}\x01`;
  return text;
}

/** A message of a body: `35=` and on. */
function frame(beginString: string, body: string): Buffer {
  const bytes = Buffer.from(`8=${beginString}\x019=${Buffer.byteLength(body)}\x01${body}10=000\x01`);
  bytes.write(String(sumOf(bytes, bytes.length - CHECK_SUM_BYTES)).padStart(3, '0'), bytes.length - 4, 'latin1');
  return bytes;
}

/** The end of a message that is too long to be written in one go: its pieces, and their sum. */
export class FixPieces {
  readonly #pieces: Buffer[] = [];
  #bytes = 0;
  #sum = 0;

  add(fields: readonly FixField[]): void {
    const piece = Buffer.from(textOf(fields));
    this.#pieces.push(piece);
    this.#bytes += piece.length;
    this.#sum += sumOf(piece, piece.length);
  }

  /** The whole message, with the fields that go ahead of them. */
  format(beginString: string, fields: readonly FixField[]): Buffer {
    const first = textOf(fields);
    const head = Buffer.from(`8=${beginString}\x019=${Buffer.byteLength(first) + this.#bytes}\x01${first}`);
    const sum = (sumOf(head, head.length) + this.#sum) & 0xff;
    return Buffer.concat([head, ...this.#pieces, Buffer.from(`10=${String(sum).padStart(3, '0')}\x01`, 'latin1')]);
  }
}

/** Where a message that {@link formatFix} wrote with the header's fields in FixLine's order has its SendingTime; undefined: it is none such. */
function sendingTime(text: string): { from: number; to: number } | undefined {
  const number = text.indexOf('\x0134=');
  const from = text.indexOf('\x0152=', number + 1) + 4;
  const to = text.indexOf('\x01', from);
  return number > 0 && from > 4 && to > 0 && text.endsWith('\x01') ? { from, to } : undefined;
}

/** A kept message as it is sent another time: marked, with the time at which it was written in OrigSendingTime. Undefined: what was kept is damaged. */
export function sendAgain(text: string, time: string): Buffer | undefined {
  const found = sendingTime(text);
  const body = text.indexOf('\x0135=') + 1;
  const length = text.indexOf('\x019=');
  if (found === undefined || body === 0 || length < 0) return undefined;
  const { from, to } = found;
  const head = text.slice(body, from - 3);
  const rest = text.slice(to + 1, text.length - CHECK_SUM_BYTES);
  const isMarked = head.endsWith('\x0143=Y\x01');
  return frame(text.slice(2, length), `${head}${isMarked ? '' : '43=Y\x01'}52=${time}\x01122=${text.slice(from, to)}\x01${rest}`);
}

/** A kept message as it is sent for the first time, later than it was written. Undefined: what was kept is damaged. */
export function sendLate(text: string, time: string): Buffer | undefined {
  const found = sendingTime(text);
  const body = text.indexOf('\x0135=') + 1;
  const length = text.indexOf('\x019=');
  if (found === undefined || body === 0 || length < 0) return undefined;
  return frame(text.slice(2, length), `${text.slice(body, found.from)}${time}${text.slice(found.to, text.length - CHECK_SUM_BYTES)}`);
}

function clean(value: string | number): string | number {
  return typeof value === 'string' && value.includes('\x01') ? value.replaceAll('\x01', ' ') : value;
}
