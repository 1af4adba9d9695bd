/** Writes docs/binance-coverage.md: `node apps/venue/test/binance-coverage/page.ts` from the root. */
import fs from 'node:fs';
import { fileURLToPath } from 'node:url';
import { counts, kinds, operationFacts } from './coverage.ts';
import { enums } from './enums.ts';
import { moreCodes } from './errors.ts';
import { DOCUMENTED, type Fact, names, type OperationFact } from './fact.ts';
import { beyond } from './sessions.ts';
import { moreStreams } from './streams.ts';
import { moreEvents } from './user-events.ts';

export const PAGE = fileURLToPath(new URL('../../../../docs/binance-coverage.md', import.meta.url));

const escaped = (text: string) => text.replaceAll('|', '\\|');

/** A table as the formatter leaves it. */
function table(head: string[], rows: string[][]): string {
  const cells = [head, ...rows].map((row) => row.map(escaped));
  const widths = head.map((_, i) => Math.max(3, ...cells.map((row) => row[i].length)));
  const line = (row: string[]) => `| ${row.map((cell, i) => cell.padEnd(widths[i])).join(' | ')} |`;
  return [line(cells[0]), line(widths.map((width) => '-'.repeat(width))), ...cells.slice(1).map(line)].join('\n');
}

function operationRow({ rest, ws, parameters, answer, not, empty, without = {} }: OperationFact): string[] {
  const lacks = Object.entries(without).map(([name, why]) => `\`${name}\`: ${why}`);
  const is = empty === undefined ? 'yes' : `yes, and its list is empty: ${empty}`;
  const state = not === undefined ? (lacks.length === 0 ? is : `yes, without ${lacks.join('; ')}`) : `no: ${not}`;
  return [
    rest === undefined ? '' : `\`${rest}\``,
    ws === undefined ? '' : `\`${ws}\``,
    state,
    String(names(parameters).length + names(answer).length),
  ];
}

function factRow({ name, test, not }: Fact): string[] {
  return [`\`${name}\``, not === undefined ? 'yes' : `no: ${not}`, test ?? ''];
}

function others(facts: Record<string, string>): string {
  return table(
    ['name', 'why'],
    Object.entries(facts).map(([name, why]) => [`\`${name}\``, why]),
  );
}

export function page(): string {
  const parts = [
    '# Coverage of Binance Spot',
    [
      'This page lists what Binance documents of Spot, and whether the venue has it.',
      `The facts are those of [${DOCUMENTED.repository}](https://github.com/${DOCUMENTED.repository}) of ${DOCUMENTED.date}.`,
      '`apps/venue/test/binance-coverage` holds them. `npx node apps/venue/test/binance-coverage/page.ts` writes this page.',
      'Tests compare the table with a running venue in both directions: what it has, and what it lacks.',
    ].join('\n'),
    table(
      ['kind', 'there', 'documented'],
      Object.entries(counts()).map(([kind, { there, all }]) => [kind, String(there), String(all)]),
    ),
    '## Operations',
    '`binance-answers.test.ts` calls every operation that is there, by REST and by the WebSocket API, and compares the fields of its answer. Names: its documented parameters and fields.',
    table(['REST', 'WebSocket API', 'there', 'names'], operationFacts.map(operationRow)),
    ...Object.entries(kinds).flatMap(([kind, facts]) => [
      `## ${kind[0].toUpperCase()}${kind.slice(1)}`,
      table(['name', 'there', 'test'], facts.map(factRow)),
    ]),
    '## Enumerations',
    table(
      ['name', 'there', 'not'],
      enums.map(({ name, values, without = {} }) => [
        name,
        names(values).join(', '),
        Object.entries(without)
          .map(([value, why]) => `\`${value}\`: ${why}`)
          .join('; '),
      ]),
    ),
    '## Beyond the pages',
    'The venue has these, and the pages do not.',
    others({ ...beyond, ...moreStreams, ...moreEvents, ...moreCodes }),
  ];
  return `${parts.join('\n\n')}\n`;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) fs.writeFileSync(PAGE, page());
