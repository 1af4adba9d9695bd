import type { Login } from '../../core/accounts/accounts.ts';
import type { CommandSender } from './command-sender.ts';
import type { OrderTable } from './order-table.ts';
import type { Flow, OuchPort } from './port.ts';

/** What answers need of the gateway: whose orders they are about, and where a known outcome goes. */
export interface AnswerTo {
  readonly table: OrderTable;
  readonly sender: CommandSender;
  /** number of the session that is running */
  readonly session: number;
  /** Whose orders a number marks. */
  login(number: number): Login;
  portOf(flow: Flow): OuchPort;
  flow(login: number, channel: number, account: number): Flow;
  conclude(flow: Flow, reference: number): void;
  cancelGone(flow: Flow, from: number): void;
}
