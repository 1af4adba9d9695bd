import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { MSG } from '@outcry/wire/fix';
import pino from 'pino';
import type { Login } from '../../src/core/accounts/accounts.ts';
import type { Services } from '../../src/core/services.ts';
import { SessionDay } from '../../src/core/session-day.ts';
import { DEFAULTS } from '../../src/domain/config.ts';
import type { FixApplication, FixClient } from '../../src/doors/fix/fix-client.ts';
import { FixServer } from '../../src/doors/fix/fix-server.ts';
import { endAfterTests } from './left-open.ts';
import { loginOf } from './logins.ts';

/** The FIX door without a venue behind it, its clock in hand: a NewOrderSingle is answered with as many reports as its OrderQty says. */
export class FixDoor {
  now: number;
  readonly data = fs.mkdtempSync(path.join(os.tmpdir(), 'outcry-fix-door-'));
  readonly warnings: string[] = [];
  readonly taken: string[] = [];
  readonly ended: string[] = [];
  readonly logins: Login[] = ['ALICE', 'BOB'].map((user, i) => loginOf(user, i + 1, i, [`${user.toLowerCase()}pass`]));
  readonly onLogins: ((logins: readonly Login[]) => void)[] = [];
  clients = new Map<string, FixClient>();
  #isRemoved = false;
  #day: SessionDay;
  #server: FixServer;
  readonly #config;

  /** @param now the time at which it opens; the session day begins at 17:00 */
  constructor(connections: Partial<typeof DEFAULTS.connections> = {}, now = Date.UTC(2026, 10, 27, 12)) {
    this.now = now;
    this.#config = { data: this.data, connections: { ...DEFAULTS.connections, ...connections } };
    [this.#day, this.#server] = this.#open();
    endAfterTests(() => this.remove());
  }

  get day(): SessionDay {
    return this.#day;
  }

  listen(): Promise<number> {
    return this.#server.listen('127.0.0.1', 0);
  }

  /** As after an end of the venue. */
  restart(): void {
    this.close();
    [this.#day, this.#server] = this.#open();
  }

  close(): void {
    this.#day.close();
    this.#server.close();
  }

  remove(): void {
    if (this.#isRemoved) return;
    this.#isRemoved = true;
    this.close();
    fs.rmSync(this.data, { recursive: true, force: true });
  }

  #open(): [SessionDay, FixServer] {
    const day = new SessionDay('17:00', () => this.now);
    const services = {
      config: this.#config,
      accounts: { logins: this.logins, all: [], onLogins: this.onLogins },
      now: () => this.now,
    } as unknown as Services;
    const application: FixApplication = {
      onMessage: (client, message) => {
        this.clients.set(client.login.user, client);
        this.taken.push(message.get(11) ?? message.type);
        for (let i = 0; i < message.number(38); i++)
          client.session.send(MSG.EXECUTION_REPORT, [
            [17, `${message.get(11)}-${i}`],
            [58, message.get(58)],
          ]);
      },
      onEnd: (client, isMoved) => void this.ended.push(`${client.login.user} ${isMoved ? 'moved' : 'ended'}`),
      onClear: () => undefined,
      whenTold: (_client, then) => then(),
    };
    const log = pino({ level: 'warn' }, { write: (line: string) => void this.warnings.push(line) });
    return [day, new FixServer(services, application, day, log)];
  }
}
