/** The `account` command: accounts, keys and logins of a running venue. */
import fs from 'node:fs';
import { publicKeyText, readPublicKey } from '@outcry/venue/domain/public-key';
import { Argument, Command, InvalidArgumentError, Option } from 'commander';
import { type AdminOptions, administer } from './administer.ts';
import { DEFAULT_URL } from './options.ts';
import { printTable } from './output.ts';

interface AccountListing {
  number: number;
  name: string;
  keys: {
    id: string;
    key: string;
    kind: string;
    permission: string;
    addresses: string[] | null;
    validUntil: number | null;
    state: string;
  }[];
  logins: { user: string; cancelOnDisconnect: boolean; validUntil: number | null; state: string }[];
  balances: { asset: string; free: string; locked: string }[];
}

/** A key that was made, or a login. */
type Made = { id?: string; key?: string; secret?: string; user?: string; password?: string };
type KeyOptions = AdminOptions & { publicKey?: string; permission?: string; addresses?: string; until?: number | null };
type LoginOptions = AdminOptions & { cancelOnDisconnect?: boolean; until?: number | null };
type RotateOptions = AdminOptions & { overlap: number; publicKey?: string };

/** A subcommand that speaks to a running venue. */
function common(sub: Command): Command {
  return sub
    .option('--data <dir>', "the venue's data directory, which holds the admin token", 'data')
    .option('--url <url>', 'address of the running venue', DEFAULT_URL)
    .option('--json', 'print JSON');
}

export function accountCommand(): Command {
  const command = new Command('account').description('Accounts of a running venue, with their API keys and logins, and the admin token.');
  common(command.command('create <name>').description('Open an account with a new API key, and print its secret, once.')).action(
    (name: string, options: AdminOptions) => administer(options, 'POST', 'accounts', { name }, printKey),
  );
  common(command.command('fund <name> <asset> <amount>').description('Deposit an amount; a negative amount is withdrawn.'))
    .allowUnknownOption(false)
    .action((name: string, asset: string, amount: string, options: AdminOptions) =>
      administer(options, 'POST', `accounts/${encodeURIComponent(name)}/fund`, { asset, amount }, (balance: Record<string, string>) =>
        printTable(['account', 'asset', 'free', 'locked'], [[balance.account, balance.asset, balance.free, balance.locked]]),
      ),
    );
  common(command.command('list').description('List accounts with their balances.'))
    .option('--credentials', 'their API keys and logins instead of balances, without secrets')
    .action((options: AdminOptions & { credentials?: boolean }) =>
      administer(options, 'GET', 'accounts', undefined, options.credentials === true ? printCredentials : printAccounts),
    );
  command.addCommand(keyCommand()).addCommand(loginCommand()).addCommand(tokenCommand());
  return command;
}

function keyCommand(): Command {
  const command = common(
    new Command('key').argument('<name>', 'account').description('Add an API key to an account. Its commands change or end a key.'),
  )
    .option('--public-key <file>', 'Ed25519 public key (PEM) instead of a new HMAC secret')
    .option('--permission <p>', 'what it may do: READ, TRADE or ADMIN', 'TRADE')
    .option('--addresses <list>', 'addresses and networks that may use it, with commas between (default: any)')
    .option('--until <time>', 'when it ends: an ISO 8601 time (default: never)', time)
    .action((name: string, options: KeyOptions) => {
      const addresses = options.addresses?.split(',');
      const body = { publicKey: publicKeyIn(options), permission: options.permission, addresses, validUntil: options.until };
      return administer(options, 'POST', `accounts/${encodeURIComponent(name)}/keys`, body, printKey);
    });
  changes(command, new Argument('<key>', 'the API key, or its id (account list --credentials)'), 'keys', 'an API key');
  return command;
}

function loginCommand(): Command {
  const command = common(
    new Command('login')
      .argument('<name>', 'account')
      .argument('<user>', 'user name: up to six letters and digits for OUCH and GLIMPSE')
      .description('Create a login for OUCH, GLIMPSE, FIX and gRPC. Its commands change or end a login.'),
  )
    .option('--cancel-on-disconnect', 'cancel its open orders when its connection ends')
    .option('--until <time>', 'when it ends: an ISO 8601 time (default: never)', time)
    .action((name: string, user: string, options: LoginOptions) => {
      const body = { user, cancelOnDisconnect: options.cancelOnDisconnect === true, validUntil: options.until };
      return administer(options, 'POST', `accounts/${encodeURIComponent(name)}/logins`, body, printLogin);
    });
  changes(command, new Argument('<user>', "the login's user name"), 'logins', 'a login');
  return command;
}

/** Subcommands revoke, rotate and expire. */
function changes(command: Command, which: Argument, resource: string, what: string): void {
  const of = (which: string) => `${resource}/${encodeURIComponent(which)}`;
  // What the command above has too, --data for one, it has taken.
  const from = (self: Command) => self.optsWithGlobals<RotateOptions>();
  const print = (made: Made) => (made.key === undefined ? printLogin(made) : printKey(made));
  const sub = (name: string, description: string) => common(command.command(name).addArgument(which).description(description));
  sub('revoke', `End ${what} and its connections at once.`).action((which: string, _options: AdminOptions, self: Command) =>
    administer(from(self), 'DELETE', of(which), undefined, () => console.log('revoked')),
  );
  const rotate = sub('rotate', `Make ${resource === 'keys' ? 'a new key, with its own id, in place of' : 'a new password for'} ${what}.`);
  rotate.addOption(overlap());
  if (resource === 'keys') rotate.option('--public-key <file>', 'the new Ed25519 public key (PEM)');
  rotate.action((which: string, _options: RotateOptions, self: Command) => {
    const options = from(self);
    const body = { overlapMs: options.overlap, ...(resource === 'keys' && { publicKey: publicKeyIn(options) }) };
    return administer(options, 'POST', `${of(which)}/rotate`, body, print);
  });
  sub('expire', `Set when ${what} ends.`)
    .argument('<time>', 'an ISO 8601 time, or never', time)
    .action((which: string, validUntil: number | null, _options: AdminOptions, self: Command) => {
      const say = () => console.log(validUntil === null ? 'ends when it is revoked' : `ends at ${new Date(validUntil).toISOString()}`);
      return administer(from(self), 'POST', `${of(which)}/expire`, { validUntil }, say);
    });
}

function tokenCommand(): Command {
  const command = new Command('token').description('Replace the admin token, which the data directory holds.');
  common(command.command('rotate').description('Make a new admin token, and write it into the data directory.'))
    .addOption(overlap())
    .action((options: RotateOptions) =>
      administer(options, 'POST', 'admin-token/rotate', { overlapMs: options.overlap }, () => console.log('rotated: see admin.token')),
    );
  return command;
}

function overlap(): Option {
  const option = new Option('--overlap <time>', 'how long the old secret stays valid, for example 30s, 15m, 24h, 7d');
  return option.argParser(duration).default(0, 'it ends at once');
}

/** A public key, looked at here: a private one must not leave the machine. */
function publicKeyIn({ publicKey }: { publicKey?: string }): string | undefined {
  return publicKey === undefined ? undefined : publicKeyText(readPublicKey(fs.readFileSync(publicKey, 'utf8')));
}

function time(text: string): number | null {
  if (text === 'never') return null;
  const [day] = /^\d{4}-\d\d-\d\d(?!T24)/.exec(text) ?? [''];
  const parsed = isDay(day) ? Date.parse(text) : Number.NaN;
  if (Number.isNaN(parsed)) throw new InvalidArgumentError('It must be a time such as 2027-01-31T18:00:00Z, or never.');
  return parsed;
}

/** Whether the calendar has it: Date.parse takes February 31st for a day of March. */
function isDay(day: string): boolean {
  const midnight = Date.parse(`${day}T00:00:00Z`);
  return !Number.isNaN(midnight) && new Date(midnight).toISOString().startsWith(day);
}

const UNITS_MS: Record<string, number> = { s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };

function duration(text: string): number {
  const match = /^(\d{1,6})([smhd])$/.exec(text);
  if (match === null) throw new InvalidArgumentError('It must be a time such as 30s, 15m, 24h or 7d.');
  return Number(match[1]) * UNITS_MS[match[2]];
}

function printKey(made: Made): void {
  console.log(`API key  ${made.key}   (id ${made.id})`);
  if (made.secret !== undefined) console.log(`secret   ${made.secret}   (not shown again)`);
}

function printLogin(login: Made): void {
  console.log(`user      ${login.user}\npassword  ${login.password}   (not shown again)`);
}

function printAccounts(accounts: AccountListing[]): void {
  const rows = accounts.flatMap((account) => {
    const balances = account.balances.length > 0 ? account.balances : [{ asset: '-', free: '-', locked: '-' }];
    return balances.map(({ asset, free, locked }, i) => [
      i === 0 ? account.name : '',
      i === 0 ? String(account.keys.length) : '',
      asset,
      free,
      locked,
    ]);
  });
  printTable(['account', 'keys', 'asset', 'free', 'locked'], rows);
}

function printCredentials(accounts: AccountListing[]): void {
  const end = (validUntil: number | null) => (validUntil === null ? '-' : new Date(validUntil).toISOString());
  const rows = accounts.flatMap(({ name, keys, logins }) => [
    ...keys.map(({ id, kind, permission, addresses, validUntil, state }) => [
      name,
      `key ${id}`,
      `${kind} ${permission}`,
      addresses?.join(' ') ?? 'anywhere',
      end(validUntil),
      state,
    ]),
    ...logins.map(({ user, cancelOnDisconnect, validUntil, state }) => [
      name,
      `login ${user}`,
      cancelOnDisconnect ? 'cancel on disconnect' : '',
      '',
      end(validUntil),
      state,
    ]),
  ]);
  printTable(['account', 'what', 'kind', 'from', 'until', 'state'], rows);
}
