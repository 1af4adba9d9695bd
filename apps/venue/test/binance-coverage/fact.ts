/** What rows of the coverage table say: one documented thing of Binance Spot each, and whether the venue has it. */

/** Where Binance documents it: github.com/binance/binance-spot-api-docs at this commit. */
export const DOCUMENTED = {
  repository: 'binance/binance-spot-api-docs',
  commit: 'a5e0bc3ddc0fd7e6bb696849323b74423fa3a54d',
  date: '2026-07-21',
};

/** A documented thing. Either `not` says why the venue lacks it, or `test` says what shows that it is there. */
export interface Fact {
  name: string;
  /** `file.test.ts: name of the test`, in apps/venue/test */
  test?: string;
  /** the reason that the venue does not have it */
  not?: string;
}

/** An operation, by its name at each door. It is there unless `not` says why not: binance-answers.test.ts calls all that are there. */
export interface OperationFact {
  /** method and path; undefined: only the WebSocket API has it */
  rest?: string;
  /** undefined: only REST has it */
  ws?: string;
  /** documented names, without those of the signature */
  parameters: string;
  /** documented fields of the answer, or of the first entry of a list; empty: none are documented, or it is a list of lists */
  answer: string;
  not?: string;
  /** why its answer is always an empty list */
  empty?: string;
  /** parameters and fields that the venue does not have, and why */
  without?: Record<string, string>;
  /** parameters that the venue has beside the documented ones, and why */
  more?: Record<string, string>;
}

/** The names of a text with blanks between them. */
export function names(text: string): string[] {
  return text === '' ? [] : text.split(' ');
}
