/** RFC 6455: a text message of a server as one frame, unmasked, ready to be written to any number of connections. */

const FINAL_TEXT = 0x81;
const LENGTH_16 = 126;
const LENGTH_64 = 127;

export function textFrame(text: string): Buffer {
  const length = Buffer.byteLength(text);
  const head = headBytes(length);
  const frame = Buffer.allocUnsafe(head + length);
  writeHead(frame, length);
  frame.write(text, head);
  return frame;
}

/** The head of a text message of so many bytes. */
export function textHead(length: number): Buffer {
  const head = Buffer.allocUnsafe(headBytes(length));
  writeHead(head, length);
  return head;
}

function headBytes(length: number): number {
  return length < LENGTH_16 ? 2 : length < 65_536 ? 4 : 10;
}

function writeHead(frame: Buffer, length: number): void {
  const head = headBytes(length);
  frame[0] = FINAL_TEXT;
  if (head === 2) frame[1] = length;
  else if (head === 4) {
    frame[1] = LENGTH_16;
    frame.writeUInt16BE(length, 2);
  } else {
    frame[1] = LENGTH_64;
    frame.writeUInt32BE(0, 2);
    frame.writeUInt32BE(length, 6);
  }
}
