/** Replays a file of operations into the order book and times it. */
import { Histogram } from '@outcry/telemetry/histogram';
import { BookReplay, type BookSummary, type OperationStream, readOperations } from './book-replay.ts';
import { type Range, range } from './report.ts';

export interface ReplayResult extends Partial<BookSummary> {
  ops: number;
  /** with several symbols: one entry each, instead of the fields above */
  books?: BookSummary[];
  nsPerOp: Range;
  runs: number;
  latencyNs?: ReturnType<Histogram['summary']>;
}

/**
 * Plays a file of operations `runs` times into empty books, after one run to warm up, and checks that every run answers the same.
 * Throws an Error that names the record when the file is malformed.
 */
export function replayFile(file: string, runs: number, withLatency: boolean, onRun: (done: number) => void = () => {}): ReplayResult {
  return replayStream(readOperations(file), runs, withLatency, onRun);
}

function replayStream(stream: OperationStream, runs: number, withLatency: boolean, onRun: (done: number) => void = () => {}): ReplayResult {
  const replay = new BookReplay(stream);
  replay.play(0, stream.count);
  const books = replay.summaries();
  const expected = JSON.stringify(books);
  onRun(1);
  const nanoseconds: number[] = [];
  for (let run = 0; run < runs; run++) {
    replay.reset();
    const started = process.hrtime.bigint();
    replay.play(0, stream.count);
    nanoseconds.push(Number(process.hrtime.bigint() - started) / stream.count);
    if (JSON.stringify(replay.summaries()) !== expected) throw new Error(`run ${run + 1} answered differently from the first`);
    onRun(run + 2);
  }
  const result: ReplayResult = {
    ops: stream.count,
    ...(stream.symbols === 1 ? books[0] : { books }),
    nsPerOp: range(nanoseconds, 1),
    runs,
  };
  if (withLatency) result.latencyNs = timeEach(replay, stream.count);
  return result;
}

/** Times each operation by itself. What reading the clock costs is measured, and taken off. */
function timeEach(replay: BookReplay, count: number): ReturnType<Histogram['summary']> {
  replay.reset();
  const histogram = new Histogram();
  const clockNs = clockCost();
  for (let i = 0; i < count; i++) {
    const started = performance.now();
    replay.play(i, i + 1);
    histogram.record((performance.now() - started) * 1e6 - clockNs);
  }
  return histogram.summary();
}

function clockCost(): number {
  const started = performance.now();
  for (let i = 0; i < 100_000; i++) performance.now();
  return ((performance.now() - started) * 1e6) / 100_000;
}
