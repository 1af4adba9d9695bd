import fs from 'node:fs';
import path from 'node:path';
import { holderOf } from '@outcry/venue/core/lock';
import { Command } from 'commander';
import { DEFAULT_URL } from './options.ts';
import { printTable } from './output.ts';
import { getJson } from './request.ts';

interface Options {
  data: string;
  url: string;
  json?: boolean;
}

interface AccountListing {
  number: number;
  name: string;
  keys: { key: string; kind: string }[];
  balances: { asset: string; free: string; locked: string }[];
}

export function accountCommand(): Command {
  const command = new Command('account').description('Accounts of a running venue: create, fund, list, key.');
  const common = (sub: Command) =>
    sub
      .option('--data <dir>', "the venue's data directory, where its admin token lies", 'data')
      .option('--url <url>', 'address of the running venue', DEFAULT_URL)
      .option('--json', 'print JSON');
  common(command.command('create <name>').description('Open an account with a new API key; prints its secret, once.')).action(
    (name: string, options: Options) => call(options, 'POST', 'accounts', { name }, printKey),
  );
  common(command.command('fund <name> <asset> <amount>').description('Deposit an amount; a negative one is withdrawn.'))
    .allowUnknownOption(false)
    .action((name: string, asset: string, amount: string, options: Options) =>
      call(options, 'POST', `accounts/${encodeURIComponent(name)}/fund`, { asset, amount }, (balance: Record<string, string>) =>
        printTable(['account', 'asset', 'free', 'locked'], [[balance.account, balance.asset, balance.free, balance.locked]]),
      ),
    );
  common(command.command('list').description('Accounts with their keys and balances.')).action((options: Options) =>
    call(options, 'GET', 'accounts', undefined, printAccounts),
  );
  common(command.command('key <name>').description('Add an API key to an account.'))
    .option('--public-key <file>', 'Ed25519 public key (PEM) instead of a new HMAC secret')
    .action((name: string, options: Options & { publicKey?: string }) => {
      const body = options.publicKey === undefined ? {} : { publicKey: fs.readFileSync(options.publicKey, 'utf8') };
      return call(options, 'POST', `accounts/${encodeURIComponent(name)}/keys`, body, printKey);
    });
  common(
    command.command('login <name> <user>').description("Let an account in at OUCH, GLIMPSE and FIX: prints the user's password, once."),
  )
    .option('--cancel-on-disconnect', 'cancel its open orders when its connection ends')
    .action((name: string, user: string, options: Options & { cancelOnDisconnect?: boolean }) => {
      const body = { user, cancelOnDisconnect: options.cancelOnDisconnect === true };
      return call(options, 'POST', `accounts/${encodeURIComponent(name)}/logins`, body, (login: Record<string, string>) =>
        console.log(`user      ${login.user}\npassword  ${login.password}   (not shown again)`),
      );
    });
  return command;
}

function printKey(created: { key: string; secret?: string }): void {
  console.log(`API key  ${created.key}`);
  if (created.secret !== undefined) console.log(`secret   ${created.secret}   (not shown again)`);
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

async function call<T>(
  options: Options,
  method: string,
  resource: string,
  body: object | undefined,
  print: (answer: T) => void,
): Promise<void> {
  const tokenFile = path.join(options.data, 'admin.token');
  if (!fs.existsSync(tokenFile)) throw new Error(`there is no ${tokenFile}: is --data the directory of a venue that has run?`);
  if (holderOf(options.data) === undefined)
    throw new Error(`no venue runs on ${path.resolve(options.data)}: start it with 'outcry serve --data ${options.data}'`);
  const headers: Record<string, string> = { 'x-outcry-admin': fs.readFileSync(tokenFile, 'utf8').trim() };
  if (body !== undefined) headers['content-type'] = 'application/json';
  const answer = await getJson<T>(`${options.url}/outcry/v1/${resource}`, { method, headers, body: body && JSON.stringify(body) });
  if (options.json) console.log(JSON.stringify(answer));
  else print(answer);
}
