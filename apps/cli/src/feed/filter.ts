/** The `feed filter` command: a file with some of the messages of another. */
import { FeedFilter } from '@outcry/wire/filter';
import { timestampOf } from '@outcry/wire/itch';
import { MoldReader } from '@outcry/wire/mold';
import { ipv4 } from '@outcry/wire/packet';
import type { Line } from './line.ts';
import { eachDatagram, eachMessage, isMessageFile, isWanted } from './read.ts';
import { CaptureOfMessages, isCaptureName, MessageFile, PcapFile } from './write.ts';

interface FilterOptions {
  filter: string;
  line: Line[];
  session: string;
}

/** Copies what is wanted of a file. From capture to capture these are datagrams, anything else is done message by message. */
export async function copyFiltered(from: string, to: string, options: FilterOptions): Promise<void> {
  const filter = new FeedFilter(options.filter);
  if (isCaptureName(to) && !isMessageFile(from)) await copyDatagrams(from, to, filter);
  else await copyMessages(from, to, filter, options);
}

/** Their numbers stay as they were sent, so that they can be played and Wireshark reads them: a datagram is copied whole, or not. */
async function copyDatagrams(from: string, to: string, filter: FeedFilter): Promise<void> {
  const output = new PcapFile(to);
  const mold = new MoldReader();
  const isCut = await eachDatagram(from, filter, (reader, packet) => {
    if (!isWanted(filter, mold, reader.view, packet.at, packet.bytes)) return;
    output.add(
      { seconds: reader.seconds, nanoseconds: reader.nanoseconds },
      { address: ipv4(packet.source), port: packet.sourcePort },
      { address: ipv4(packet.destination), port: packet.port },
      new Uint8Array(reader.view.buffer as ArrayBuffer, packet.at, packet.bytes),
    );
  });
  output.close();
  console.log(`${output.written} datagrams${isCut ? '; the capture ends in the middle of a packet' : ''}`);
}

async function copyMessages(from: string, to: string, filter: FeedFilter, { line, session }: FilterOptions): Promise<void> {
  const output = isCaptureName(to) ? new CaptureOfMessages(to, session, line.at(-1)!) : new MessageFile(to);
  const problem = await eachMessage(from, filter, (view, at, bytes) => output.add(view, at, bytes, timestampOf(view, at)));
  output.close();
  console.log(`${output.written} messages${problem === undefined ? '' : `; ${problem}`}`);
}
