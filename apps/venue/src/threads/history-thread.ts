import { parentPort, workerData } from 'node:worker_threads';
import { setNice } from '@outcry/memory/libc';
import { type AssetDefinition, type InstrumentDefinition, Market } from '../domain/market.ts';
import { History, HistoryUnavailable } from '../store/sqlite/history.ts';
import { isJson, QUESTIONS, type Question } from './history-questions.ts';

/** A thread that reads the store for the clients. */
export interface HistoryThreadData {
  database: string;
  assets: AssetDefinition[];
  instruments: InstrumentDefinition[];
  /** the number of the question that is taken back while it is worked on: of 32 bits, 0: none */
  cancelled: Int32Array;
}

export interface HistoryMessage {
  id: number;
  answer?: unknown;
  error?: { code: 'late' | 'gone' | 'unavailable'; message: string };
}

interface Asked {
  id: number;
  question: Question;
  args: unknown[];
  leftMs: number;
}

/** Those that trade come first. */
const NICE = 10;

/** Why a question is not worked on any longer. */
class Ended extends Error {
  readonly code: 'late' | 'gone';
  constructor(code: 'late' | 'gone') {
    super(`the question is ${code}`);
    this.code = code;
  }
}

const { database, assets, instruments, cancelled } = workerData as HistoryThreadData;
const port = parentPort!;
const market = new Market(assets, instruments);
let current = { id: 0, until: 0 };
const history = new History(database, () => {
  if (Atomics.load(cancelled, 0) === current.id) throw new Ended('gone');
  if (performance.now() > current.until) throw new Ended('late');
});

setNice(NICE);

port.on('message', ({ id, question, args, leftMs }: Asked) => {
  current = { id, until: performance.now() + leftMs };
  const message: HistoryMessage = { id };
  try {
    const ask = QUESTIONS[question] as (history: History, market: Market, ...args: unknown[]) => unknown;
    const answer = ask(history, market, ...args);
    message.answer = isJson(question) && answer !== undefined ? JSON.stringify(answer) : answer;
  } catch (error) {
    if (error instanceof Ended) message.error = { code: error.code, message: error.message };
    else if (error instanceof HistoryUnavailable) message.error = { code: 'unavailable', message: error.message };
    else throw error;
  }
  port.postMessage(message);
});
