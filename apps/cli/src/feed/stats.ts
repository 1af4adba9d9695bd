import { ItchBook } from '@outcry/feed/itch-book';
import { Histogram } from '@outcry/telemetry/histogram';
import { FeedFilter } from '@outcry/wire/filter';
import { itch } from '@outcry/wire/itch';
import { getU48 } from '@outcry/wire/layout';
import { printTable } from '../output.ts';
import { eachDatagram, eachMessage, isMessageFile, PlainArbiter } from './read.ts';

const BUSIEST = 20;
const LOCATE = 1;
const STAMP = 5;

/** What a file holds. Maps are of names to counts. */
interface Summary {
  /** counts, by name */
  totals: Record<string, number>;
  lines: Map<string, number>;
  others: Map<string, number>;
  between: Histogram;
  problem: string | undefined;
}

/** Messages by type and symbol, and the books that they make. */
class Tally {
  readonly types = new Map<string, number>();
  readonly book = new ItchBook();
  readonly #symbols = new Map<number, number>();

  add(view: DataView, at: number): void {
    count(this.types, itch.of(view.getUint8(at))!.name);
    count(this.#symbols, view.getUint16(at + LOCATE));
  }

  get symbols(): Map<string, number> {
    return new Map([...this.#symbols].map(([locate, messages]) => [this.book.symbols.get(locate) ?? `locate ${locate}`, messages]));
  }
}

function count<Key>(map: Map<Key, number>, key: Key): void {
  map.set(key, (map.get(key) ?? 0) + 1);
}

export async function stats(file: string, options: { json?: boolean; filter?: string }): Promise<void> {
  const filter = new FeedFilter(options.filter ?? '');
  const tally = new Tally();
  const summary = isMessageFile(file) ? await ofMessages(file, filter, tally) : await ofCapture(file, filter, tally);
  if (options.json) printJson(summary, tally);
  else print(summary, tally);
}

/** Times are those that the messages have been stamped with. */
async function ofMessages(file: string, filter: FeedFilter, tally: Tally): Promise<Summary> {
  const between = new Histogram();
  let [messages, first, last] = [0, Number.NaN, 0];
  // Books are of all messages: the filter says what is counted.
  const problem = await eachMessage(file, new FeedFilter(''), (view, at) => {
    tally.book.apply(view, at);
    if (!filter.message(view, at)) return;
    tally.add(view, at);
    messages++;
    const now = getU48(view, at + STAMP);
    if (Number.isNaN(first)) first = now;
    else between.record(now - last);
    last = now;
  });
  const seconds = Number.isNaN(first) ? 0 : (last - first) / 1e9;
  return { totals: totalsOf(seconds, { messages }), lines: new Map(), others: new Map(), between, problem };
}

async function ofCapture(file: string, filter: FeedFilter, tally: Tally): Promise<Summary> {
  const lines = new Map<string, number>();
  const others = new Map<string, number>();
  const between = new Histogram();
  let [first, last] = [Number.NaN, 0];
  const arbiter = new PlainArbiter(filter, (view, at, bytes) => {
    if (itch.check(view, at, bytes) < 0) {
      arbiter.lines.counts.malformed++;
      return;
    }
    tally.book.apply(view, at);
    if (filter.message(view, at)) tally.add(view, at);
  });
  const isCut = await eachDatagram(
    file,
    filter,
    (reader, packet) => {
      const time = reader.seconds * 1000 + reader.nanoseconds / 1e6;
      if (Number.isNaN(first)) first = time;
      else between.record((time - last) * 1e6);
      last = time;
      count(lines, `${packet.destination}:${packet.port}`);
      arbiter.take(reader.view, packet.at, packet.bytes, time);
    },
    (why) => count(others, why),
  );
  arbiter.finish();
  const seconds = Number.isNaN(first) ? 0 : (last - first) / 1000;
  const problem = isCut ? 'the capture ends in the middle of a packet' : undefined;
  return { totals: totalsOf(seconds, { ...arbiter.lines.counts }), lines, others, between, problem };
}

function totalsOf(seconds: number, counts: { messages: number } & Record<string, number>): Record<string, number> {
  return { seconds, ...counts, messagesPerSecond: seconds > 0 ? Math.round(counts.messages / seconds) : counts.messages };
}

function printJson({ totals, lines, others, problem }: Summary, tally: Tally): void {
  const object = (map: Map<string, number>) => Object.fromEntries(map);
  console.log(
    JSON.stringify({
      ...totals,
      problem,
      lines: object(lines),
      types: object(tally.types),
      symbols: object(tally.symbols),
      others: object(others),
      openOrders: tally.book.orderCount,
    }),
  );
}

function print({ totals, lines, others, between, problem }: Summary, tally: Tally): void {
  printTable(
    ['what', ''],
    [...Object.entries(totals), ['open orders at the end', tally.book.orderCount]].map(([name, value]) => [String(name), String(value)]),
  );
  if (lines.size > 0) printTable(['line', 'datagrams'], sorted(lines));
  printTable(['message', 'count'], sorted(tally.types));
  printTable([`symbol (the ${BUSIEST} busiest)`, 'messages'], sorted(tally.symbols).slice(0, BUSIEST));
  const { p50, p99, max } = between.summary();
  const us = (ns: number) => (ns / 1000).toFixed(1);
  console.log(`between ${lines.size > 0 ? 'datagrams' : 'messages'}: median ${us(p50)} µs, 99 % ${us(p99)} µs, most ${us(max)} µs`);
  if (others.size > 0) console.log(`packets that are no UDP datagram: ${[...others].map(([why, times]) => `${times} ${why}`).join(', ')}`);
  if (problem !== undefined) console.log(problem);
}

function sorted(map: Map<string, number>): string[][] {
  return [...map].sort((a, b) => b[1] - a[1]).map(([name, times]) => [name, String(times)]);
}
