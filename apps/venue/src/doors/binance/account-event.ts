/** One event of an account, for all that read it. */
import { textFrame } from './frame.ts';

/** An event as JSON, framed once for all that read it in one form. */
export class AccountEvent {
  readonly text: string;
  readonly #frames = new Map<string, Buffer>();

  constructor(event: object) {
    this.text = JSON.stringify(event);
  }

  /** The message that has the event between a head and a tail. */
  frame(head: string, tail: string): Buffer {
    let frame = this.#frames.get(head);
    if (frame === undefined) {
      frame = textFrame(head + this.text + tail);
      this.#frames.set(head, frame);
    }
    return frame;
  }
}
