/** The `feed stats` command: counts what a file of market data holds. */
import { ItchBook } from '@outcry/feed/itch-book';
import { Histogram } from '@outcry/telemetry/histogram';
import { FeedFilter } from '@outcry/wire/filter';
import { itch, locateOf, timestampOf } from '@outcry/wire/itch';
import { printTable } from '../output.ts';
import { eachDatagram, eachMessage, isMessageFile, PlainArbiter } from './read.ts';

const BUSIEST = 20;

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
    count(this.#symbols, locateOf(view, at));
  }

  get symbols(): Map<string, number> {
    return new Map([...this.#symbols].map(([locate, messages]) => [this.book.symbols.get(locate) ?? `locate ${locate}`, messages]));
  }
}

/** When things came, in milliseconds of any clock: how long it took in all, and what was between them. */
class Times {
  readonly between = new Histogram();
  #first = Number.NaN;
  #last = 0;

  add(time: number): void {
    if (Number.isNaN(this.#first)) this.#first = time;
    else this.between.record((time - this.#last) * 1e6);
    this.#last = time;
  }

  get seconds(): number {
    return Number.isNaN(this.#first) ? 0 : (this.#last - this.#first) / 1000;
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
  const times = new Times();
  let messages = 0;
  // Books are of all messages: the filter says what is counted.
  const problem = await eachMessage(file, new FeedFilter(''), (view, at) => {
    tally.book.apply(view, at);
    if (!filter.message(view, at)) return;
    tally.add(view, at);
    messages++;
    times.add(timestampOf(view, at) / 1e6);
  });
  return { totals: totalsOf(times, { messages }), lines: new Map(), others: new Map(), between: times.between, problem };
}

async function ofCapture(file: string, filter: FeedFilter, tally: Tally): Promise<Summary> {
  const lines = new Map<string, number>();
  const others = new Map<string, number>();
  const times = new Times();
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
      times.add(time);
      count(lines, `${packet.destination}:${packet.port}`);
      arbiter.take(reader.view, packet.at, packet.bytes, time);
    },
    (why) => count(others, why),
  );
  arbiter.finish();
  const problem = isCut ? 'the capture ends in the middle of a packet' : undefined;
  return { totals: totalsOf(times, { ...arbiter.lines.counts }), lines, others, between: times.between, problem };
}

function totalsOf({ seconds }: Times, counts: { messages: number } & Record<string, number>): Record<string, number> {
  return {
    seconds: Math.round(seconds * 1000) / 1000,
    ...counts,
    messagesPerSecond: seconds > 0 ? Math.round(counts.messages / seconds) : counts.messages,
  };
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
