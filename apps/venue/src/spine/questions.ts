/** Questions from one thread to another: limits, deadlines, cancellation. */

/** Who asks another thread something. */
export interface Asker {
  /** whose questions are counted together: an address, an account */
  readonly who: string;
  /** Calls a listener when nobody waits for the answer any more. */
  onGone?(listener: () => void): void;
}

/** Why there is no answer. */
export class Unanswered extends Error {
  readonly code: 'queued' | 'overloaded' | 'late' | 'gone' | 'behind' | 'unavailable';
  constructor(code: Unanswered['code'], message: string) {
    super(message);
    this.code = code;
  }
}

interface QuestionLimits {
  /** without an answer, in all */
  most: number;
  /** of these, by one asker */
  mostEach: number;
  /** milliseconds until an answer is too late; those who ask wait no longer */
  deadlineMs: number;
  /** tests only: the question's number before the first. Default: 0 */
  lastId?: number;
}

interface OpenQuestion {
  who: string;
  resolve: (answer: unknown) => void;
  reject: (error: Error) => void;
  cancel: (id: number) => void;
  timer: NodeJS.Timeout;
}

/** Questions to other threads that have no answer yet: so many in all and by asker, each with a deadline, cancelled when its asker is gone. */
export class Questions {
  readonly #limits: QuestionLimits;
  readonly #openQuestions = new Map<number, OpenQuestion>();
  readonly #byAsker = new Map<string, number>();
  #lastId: number;

  constructor(limits: QuestionLimits) {
    this.#limits = limits;
    this.#lastId = limits.lastId ?? 0;
  }

  get size(): number {
    return this.#openQuestions.size;
  }

  /** Asks. Rejects with Unanswered. @param start sends the question @param cancel takes it back: it is too late, or the asker is gone */
  ask<T>(asker: Asker, start: (id: number) => void, cancel: (id: number) => void): Promise<T> {
    const { most, mostEach, deadlineMs } = this.#limits;
    const own = this.#byAsker.get(asker.who) ?? 0;
    if (own >= mostEach) return Promise.reject(new Unanswered('queued', 'too many requests queued'));
    if (this.#openQuestions.size >= most) return Promise.reject(new Unanswered('overloaded', 'too many requests queued in all'));
    this.#byAsker.set(asker.who, own + 1);
    // Threads compare it in 32 bits of shared memory, where 0 stands for none.
    const id = (this.#lastId + 1) | 0 || 1;
    this.#lastId = id;
    return new Promise<T>((resolve, reject) => {
      const late = () => this.#giveUp(id, new Unanswered('late', `no answer within ${deadlineMs} ms`));
      const timer = setTimeout(late, deadlineMs);
      this.#openQuestions.set(id, { who: asker.who, resolve: resolve as (answer: unknown) => void, reject, cancel, timer });
      asker.onGone?.(() => this.#giveUp(id, new Unanswered('gone', 'nobody waits for the answer')));
      start(id);
    });
  }

  answer(id: number, answer: unknown): void {
    this.#take(id)?.resolve(answer);
  }

  fail(id: number, error: Error): void {
    this.#take(id)?.reject(error);
  }

  /** There will be no more answers. */
  failAll(error: Error): void {
    for (const id of [...this.#openQuestions.keys()]) this.fail(id, error);
  }

  #giveUp(id: number, error: Unanswered): void {
    const question = this.#take(id);
    if (question === undefined) return;
    question.cancel(id);
    question.reject(error);
  }

  #take(id: number): OpenQuestion | undefined {
    const question = this.#openQuestions.get(id);
    if (question === undefined) return undefined;
    this.#openQuestions.delete(id);
    clearTimeout(question.timer);
    const left = this.#byAsker.get(question.who)! - 1;
    if (left === 0) this.#byAsker.delete(question.who);
    else this.#byAsker.set(question.who, left);
    return question;
  }
}
