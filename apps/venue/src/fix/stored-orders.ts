import { setImmediate as nextTurn, setTimeout as sleep } from 'node:timers/promises';
import type { Services } from '../binance/operation.ts';
import { Unanswered } from '../core/questions.ts';
import type { Order } from '../core/view.ts';
import type { FixClient } from './fix-client.ts';

/** Questions of one client that may wait. */
const MOST_QUESTIONS = 32;
const POLL_MS = 5;

interface Question {
  client: FixClient;
  instrument: number;
  clientId: string;
  /** the store must have this command first */
  sequence: number;
  deadline: number;
  answer(order: Order | undefined): void;
  fail(why: string): void;
}

/** Looks up orders that are not open any more, one a turn of the event loop, once the store has all that was told before the question. */
export class StoredOrders {
  readonly #services: Services;
  readonly #questions: Question[] = [];
  readonly #counts = new Map<FixClient, number>();

  constructor(services: Services) {
    this.#services = services;
  }

  ask(question: Pick<Question, 'client' | 'instrument' | 'clientId' | 'answer' | 'fail'>): void {
    const { config, gateway } = this.#services;
    const count = this.#counts.get(question.client) ?? 0;
    if (count === MOST_QUESTIONS) {
      question.fail('too many questions at once');
      return;
    }
    this.#counts.set(question.client, count + 1);
    const whole = { ...question, sequence: gateway.sequence, deadline: performance.now() + config.readWaitMs };
    if (this.#questions.push(whole) === 1) void this.#run();
  }

  async #run(): Promise<void> {
    const { shared } = this.#services;
    while (this.#questions.length > 0) {
      const [question] = this.#questions;
      const isThere = shared.stored.read() >= question.sequence;
      if (!isThere && performance.now() < question.deadline) {
        await sleep(POLL_MS);
        continue;
      }
      if (isThere) await this.#answer(question);
      else question.fail('the store is behind: ask again');
      this.#questions.shift();
      const left = this.#counts.get(question.client)! - 1;
      if (left > 0) this.#counts.set(question.client, left);
      else this.#counts.delete(question.client);
      await nextTurn();
    }
  }

  async #answer({ client, instrument, clientId, answer, fail }: Question): Promise<void> {
    let order: Order | undefined;
    try {
      const { account } = client.login;
      order = await this.#services.history.ask({ who: `account ${account}` }, 'storedOrder', account, instrument, clientId);
    } catch (error) {
      if (!(error instanceof Unanswered)) throw error;
      fail('the store cannot be read: ask again');
      return;
    }
    answer(order);
  }
}
