import { Command, InvalidArgumentError } from 'commander';
import { copyFiltered } from './feed/filter.ts';
import { readLine } from './feed/line.ts';
import { play } from './feed/play.ts';
import { record } from './feed/record.ts';
import { stats } from './feed/stats.ts';
import { between, captureLine } from './options.ts';

function speed(text: string): number {
  const value = Number(text);
  if (text === 'full') return Number.POSITIVE_INFINITY;
  if (!(value > 0)) throw new InvalidArgumentError('It must be a number above 0 (1: as recorded, 10: ten times as fast), or full.');
  return value;
}

function session(text: string): string {
  if (!/^[\x21-\x7e]{1,10}$/.test(text)) throw new InvalidArgumentError('It must be one to ten printable characters without spaces.');
  return text;
}

const FILES = `
A file whose name ends in .pcap is a capture of datagrams. Any other file holds
messages, each behind two bytes of length, as Nasdaq publishes days: each message
once, whichever line brought it, in about a third of the size of one line's capture.
Commands that read a file look at its content, not at its name.
`;

export function feedCommand(): Command {
  const command = new Command('feed')
    .description('Record, play, filter and look into ITCH feeds over MoldUDP64.')
    .addHelpText('after', FILES);
  const filter = ['--filter <clauses>', 'as "port 8090 and symbol BTCUSDT and not type X,D": see docs/feed.md'] as const;
  const ownSession = ['--session <name>', 'MoldUDP64 session for messages of a file that names none', session, 'PLAYED'] as const;
  command
    .command('record <file>')
    .description('Record a multicast feed to a file.')
    .requiredOption('--line <group:port>', 'a line to join; may be given more than once', readLine)
    .option('--interface <address>', 'address of the network interface', '127.0.0.1')
    .option('--seconds <n>', 'seconds after which it ends (default: at Ctrl-C)', between(1, 86_400))
    .option(...filter)
    .addHelpText('after', FILES)
    .action(record);
  command
    .command('play <file>')
    .description('Send a recording by multicast again.')
    .option('--speed <factor>', '1: as recorded; 10: ten times as fast; full: without waiting', speed, 1)
    .option('--line <group:port>', 'send everything there instead of where it was sent', readLine)
    .option('--interface <address>', 'address of the network interface', '127.0.0.1')
    .option(...ownSession)
    .option(...filter)
    .action(play);
  command
    .command('stats <file>')
    .description('Count what a recording holds: packets, messages, symbols, gaps, rates. Build its books.')
    .option('--json', 'print JSON')
    .option(...filter)
    .action(stats);
  command
    .command('filter <from> <to>')
    .description('Copy the matching part of a recording: whole datagrams between captures, otherwise single messages.')
    .requiredOption(...filter)
    .addOption(captureLine('where the datagrams go when messages become a capture'))
    .option(...ownSession)
    .addHelpText('after', FILES)
    .action(copyFiltered);
  return command;
}
