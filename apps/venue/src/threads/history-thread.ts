/** A thread that answers questions to the store. */
import { parentPort, workerData } from 'node:worker_threads';
import { setNice } from '@outcry/memory/libc';
import { Market } from '../domain/market.ts';
import { STORED_DATA, STORED_LISTS } from '../doors/binance/stored-data.ts';
import type { HistoryMessage, HistoryThreadData } from '../store/history-readers.ts';
import { type StoreQuestion, VENUE_QUESTIONS } from '../store/questions.ts';
import { openStore, StoreUnavailable } from '../store/store.ts';

interface Asked {
  id: number;
  question: string;
  args: unknown[];
  leftMs: number;
}

/** All that is asked; answers to STORED_DATA are made to JSON here. */
const QUESTIONS: Record<string, StoreQuestion> = { ...STORED_DATA, ...STORED_LISTS, ...VENUE_QUESTIONS };

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

const { store, assets, instruments, cancelled } = workerData as HistoryThreadData;
const port = parentPort!;
const market = new Market(assets, instruments);
let current = { id: 0, until: 0 };
const history = await (await openStore(store)).reader(() => {
  if (Atomics.load(cancelled, 0) === current.id) throw new Ended('gone');
  if (performance.now() > current.until) throw new Ended('late');
});

setNice(NICE);

port.on('message', async ({ id, question, args, leftMs }: Asked) => {
  current = { id, until: performance.now() + leftMs };
  const message: HistoryMessage = { id };
  try {
    const answer = await QUESTIONS[question](history, market, ...(args as never[]));
    const isJson = Object.hasOwn(STORED_DATA, question) && answer !== undefined;
    message.answer = isJson ? JSON.stringify(answer) : answer;
  } catch (error) {
    if (error instanceof Ended) message.error = { code: error.code, message: error.message };
    else if (error instanceof StoreUnavailable) message.error = { code: 'unavailable', message: error.message };
    else throw error;
  }
  port.postMessage(message);
});
