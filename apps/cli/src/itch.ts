import fs from 'node:fs';
import { ItchDay } from '@outcry/workload/itch-day';
import { Command } from 'commander';
import type { Line } from './feed/line.ts';
import { CaptureOfMessages, isCaptureName, MessageFile } from './feed/write.ts';
import { between, captureLine } from './options.ts';
import { progressBar } from './output.ts';

interface Options {
  messages: number;
  instruments: number;
  seed: number;
  line: Line[];
}

export function itchCommand(): Command {
  const command = new Command('itch').description('Generate ITCH 5.0 test data.');
  command
    .command('generate <file>')
    .description(
      'Generate a day of ITCH 5.0: every message type, consistent orders, auctions, halts and crosses. ' +
        'A file whose name ends in .pcap is a capture of MoldUDP64 datagrams; any other holds messages, each behind two bytes of length, as Nasdaq publishes days.',
    )
    .option('--messages <n>', 'messages of continuous trading, approximately', between(1, 1_000_000_000), 1_000_000)
    .option('--instruments <n>', 'number of instruments', between(1, 65_535), 8000)
    .option('--seed <n>', 'the same seed gives the same day', between(1, 2 ** 31 - 1), 1)
    .addOption(captureLine('where the datagrams of a capture go'))
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
