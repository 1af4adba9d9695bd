import { setImmediate as nextTurn, setTimeout as sleep } from 'node:timers/promises';
import type { Services } from '../../core/services.ts';
import type { Order } from '../../domain/orders.ts';
import { Unanswered } from '../../spine/questions.ts';
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

/** Looks up orders that are not open any more, of each client one at a time, once the store has all that was told before the question. */
export class StoredOrders {
  readonly #services: Services;
  /** by client: what it asked, the first one under way */
  readonly #lines = new Map<FixClient, Question[]>();
  /** who waits for the store to have a command */
  #waiting: { sequence: number; deadline: number; resolve: (isThere: boolean) => void }[] = [];

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
      if (await this.#reached(question)) await this.#answer(question);
      else question.fail('the store is behind: ask again');
      line.shift();
      await nextTurn();
    }
    this.#lines.delete(client);
  }

  /** Whether the store has, in time, what a question rests on. */
  #reached({ sequence, deadline }: Question): Promise<boolean> {
    if (this.#services.shared.stored.read() >= sequence) return Promise.resolve(true);
    return new Promise((resolve) => {
      if (this.#waiting.push({ sequence, deadline, resolve }) === 1) void this.#look();
    });
  }

  /** Looks at the store for all who wait for it. */
  async #look(): Promise<void> {
    while (this.#waiting.length > 0) {
      await sleep(POLL_MS);
      const [stored, now] = [this.#services.shared.stored.read(), performance.now()];
      const isOver = ({ sequence, deadline }: { sequence: number; deadline: number }) => stored >= sequence || now >= deadline;
      const over = this.#waiting.filter(isOver);
      this.#waiting = this.#waiting.filter((one) => !isOver(one));
      for (const { sequence, resolve } of over) resolve(stored >= sequence);
    }
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
