/** Looks up ended orders in the store for FIX status requests. */
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Services } from '../../core/services.ts';
import type { Order } from '../../domain/orders.ts';
import { Unanswered } from '../../spine/questions.ts';
import type { FixClient } from './fix-client.ts';

/** Questions of one client that may wait. */
const MOST_QUESTIONS = 32;

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

/** Looks up orders that are not open any more, of each client one at a time, once the store has all that was told before the question. */
export class StoredOrders {
  readonly #services: Services;
  /** by client: what it asked, the first one under way */
  readonly #lines = new Map<FixClient, Question[]>();

  constructor(services: Services) {
    this.#services = services;
  }

  ask(question: Pick<Question, 'client' | 'instrument' | 'clientId' | 'answer' | 'fail'>): void {
    const { config, gateway } = this.#services;
    const { client } = question;
    const line = this.#lines.get(client) ?? [];
    if (line.length === MOST_QUESTIONS) {
      question.fail('too many questions at once');
      return;
    }
    line.push({ ...question, sequence: gateway.sequence, deadline: performance.now() + config.readWaitMs });
    if (line.length > 1) return;
    this.#lines.set(client, line);
    void this.#run(client, line);
  }

  async #run(client: FixClient, line: Question[]): Promise<void> {
    while (line.length > 0) {
      const [question] = line;
      const { sequence, deadline } = question;
      if (await this.#services.storeWatch.reached(sequence, deadline - performance.now())) await this.#answer(question);
      else question.fail('the store is behind: ask again');
      line.shift();
      await nextTurn();
    }
    this.#lines.delete(client);
  }

  async #answer({ client, instrument, clientId, answer, fail }: Question): Promise<void> {
    let order: Order | undefined;
    try {
      const { account } = client.login;
      order = await this.#services.history.storedOrder({ who: `account ${account}` }, account, instrument, clientId);
    } catch (error) {
      if (!(error instanceof Unanswered)) throw error;
      fail('the store cannot be read: ask again');
      return;
    }
    answer(order);
  }
}
