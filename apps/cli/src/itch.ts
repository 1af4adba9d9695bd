import fs from 'node:fs';
import { ItchDay } from '@outcry/feed/itch-day';
import { Command } from 'commander';
import { CaptureOfMessages, readLine } from './feed.ts';
import { between } from './options.ts';
import { progressBar } from './output.ts';

interface Options {
  messages: number;
  instruments: number;
  seed: number;
  line: { group: string; port: number }[];
}

export function itchCommand(): Command {
  const command = new Command('itch').description('ITCH 5.0 test data.');
  command
    .command('generate <file>')
    .description(
      'A day of ITCH 5.0: every message type, orders that hang together, auctions, halts and crosses. ' +
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
  const output = file.endsWith('.pcap') ? new CaptureOfMessages(file, 'TESTDAY', line.at(-1)!) : new MessageFile(file);
  const day = new ItchDay({ seed, instruments, messages }, (view, bytes, time) => output.add(view, bytes, time));
  day.run((share) => bar.update(Math.round(share * 100)));
  bar.stop();
  output.close();
  console.log(`${day.written} messages in ${file} (${fs.statSync(file).size} bytes)`);
}

/** Messages behind their lengths. */
class MessageFile {
  readonly #fd: number;
  readonly #buffer = new DataView(new ArrayBuffer(1 << 20));
  #filled = 0;

  constructor(file: string) {
    this.#fd = fs.openSync(file, 'wx');
  }

  add(view: DataView, bytes: number): void {
    if (this.#filled + 2 + bytes > this.#buffer.byteLength) this.#flush();
    this.#buffer.setUint16(this.#filled, bytes);
    for (let i = 0; i < bytes; i++) this.#buffer.setUint8(this.#filled + 2 + i, view.getUint8(i));
    this.#filled += 2 + bytes;
  }

  close(): void {
    this.#flush();
    fs.closeSync(this.#fd);
  }

  #flush(): void {
    fs.writeSync(this.#fd, new Uint8Array(this.#buffer.buffer, 0, this.#filled));
    this.#filled = 0;
  }
}
