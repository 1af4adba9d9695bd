/** The controls of a test venue, over its HTTP door. They do not use `fetch`, timers or dates, which tests replace. */
import http from 'node:http';
import type { FaultText } from '@outcry/venue/demo/faults';
import type { ScenarioFile } from '@outcry/venue/demo/scenario-schema';

/** What goes wrong: see docs/testing-kit.md. */
export type FaultOptions = FaultText;

/** A fault in force. */
export interface FaultInForce extends FaultText {
  readonly id: number;
  /** how often it struck */
  readonly hits: number;
}

/** Where a scenario is. */
export interface ClockState {
  readonly scenario: string;
  readonly seed: number;
  /** how often the scenario has begun, from 1 */
  readonly round: number;
  /** milliseconds of scenario time since the round began */
  readonly timeMs: number;
  readonly speed: number;
  readonly paused: boolean;
  /** what the venue stamps now: milliseconds since 1970 */
  readonly venueTime: number;
}

/** The time of the scenario; the venue's own is the machine's. */
export class TestClock {
  readonly #url: string;

  constructor(url: string) {
    this.#url = `${url}/outcry/v1/demo/clock`;
  }

  async state(): Promise<ClockState> {
    return (await call(this.#url, 'GET')) as ClockState;
  }

  /** Pauses, and lets time pass. Resolves when all that it brought is durable. @param milliseconds a multiple of 20, up to an hour */
  async step(milliseconds: number): Promise<ClockState> {
    return await this.#set({ stepMs: milliseconds });
  }

  /** Resolves when nothing of the scenario is under way any more. */
  async pause(): Promise<ClockState> {
    return await this.#set({ paused: true });
  }

  /** @param speed milliseconds of scenario time a millisecond, 0.01 to 1,000; left out: as before */
  async resume(speed?: number): Promise<ClockState> {
    return await this.#set({ paused: false, speed });
  }

  async #set(body: object): Promise<ClockState> {
    return (await call(this.#url, 'POST', body)) as ClockState;
  }
}

/** What the venue's doors do wrong. */
export class TestFaults {
  readonly #url: string;

  constructor(url: string) {
    this.#url = `${url}/outcry/v1/demo/faults`;
  }

  /** Rejects with what is wrong with a fault. */
  async add(fault: FaultOptions): Promise<FaultInForce> {
    return (await call(this.#url, 'POST', fault)) as FaultInForce;
  }

  async list(): Promise<FaultInForce[]> {
    return (await call(this.#url, 'GET')) as FaultInForce[];
  }

  /** @param id left out: all */
  async remove(id?: number): Promise<void> {
    await call(this.#url, 'DELETE', id === undefined ? {} : { id });
  }
}

/** Begins a scenario anew: no orders, first balances, the same seed unless another is given. */
export async function reset(url: string, to: { scenario?: string | ScenarioFile; seed?: number } = {}): Promise<ClockState> {
  return (await call(`${url}/outcry/v1/demo/reset`, 'POST', to)) as ClockState;
}

function call(url: string, method: string, body?: object): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const headers = body === undefined ? {} : { 'content-type': 'application/json' };
    const request = http.request(url, { method, headers, agent: false }, (response) => {
      let text = '';
      response.setEncoding('utf8');
      response.on('data', (chunk) => {
        text += chunk;
      });
      response.on('error', reject);
      response.on('end', () => {
        const answer = JSON.parse(text) as { msg?: string };
        if (response.statusCode === 200) resolve(answer);
        else reject(new Error(`the test venue refused: ${answer.msg}`));
      });
    });
    request.on('error', reject);
    request.end(body === undefined ? undefined : JSON.stringify(body));
  });
}
