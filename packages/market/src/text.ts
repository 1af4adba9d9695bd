/** Which texts a command may carry. */
import { command } from './command.ts';

/** Control characters are padding here and delimiters of other protocols; half a surrogate pair has no UTF-8. */
const NOT_TEXT = /[\p{Cc}\p{Cs}]/u;

/**
 * Why a text cannot go with a command, as a client order id or a reference does, in words that its name goes before; undefined: it can.
 * What has a fault would come back as another text, or as one that another has too. @param most bytes of it in UTF-8
 */
export function textFault(text: string, most: number = command.TEXT_BYTES): string | undefined {
  if (text === '') return 'is empty';
  if (new TextEncoder().encode(text).length > most) return `has more than ${most} bytes`;
  return NOT_TEXT.test(text) ? 'has control characters' : undefined;
}
