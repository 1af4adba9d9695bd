import fs from 'node:fs';
import { ItchDay } from '@outcry/workload/itch-day';
import { Command } from 'commander';
import { type Line, readLine } from './feed/line.ts';
import { CaptureOfMessages, isCaptureName, MessageFile } from './feed/write.ts';
import { between } from './options.ts';
import { progressBar } from './output.ts';

interface Options {
  messages: number;
  instruments: number;
  seed: number;
  line: Line[];
}

export function itchCommand(): Command {
  const command = new Command('itch').description('ITCH 5.0 test data.');
  command
    .command('generate <file>')
    .description(
      'Generate a day of ITCH 5.0: every message type, consistent orders, auctions, halts and crosses. ' +
        'A file that ends in .pcap is a capture of MoldUDP64 datagrams; another holds messages behind two bytes of length, as Nasdaq publishes days.',
    )
    .option('--messages <n>', 'messages of continuous trading, roughly', between(1, 1_000_000_000), 1_000_000)
    .option('--instruments <n>', 'instruments', between(1, 65_535), 8000)
    .option('--seed <n>', 'the same seed gives the same day', between(1, 2 ** 31 - 1), 1)
    .option('--line <group:port>', 'where the datagrams of a capture go', readLine, [{ group: '239.255.80.1', port: 8090 }])
    .action(generate);
  return command;
}

function generate(file: string, { messages, instruments, seed, line }: Options): void {
  const bar = progressBar('generate', 100);
  const output = isCaptureName(file) ? new CaptureOfMessages(file, 'TESTDAY', line.at(-1)!) : new MessageFile(file);
  const day = new ItchDay({ seed, instruments, messages }, (view, bytes, time) => output.add(view, 0, bytes, time));
  day.run((share) => bar.update(Math.round(share * 100)));
  bar.stop();
  output.close();
  console.log(`${day.written} messages in ${file} (${fs.statSync(file).size} bytes)`);
}
