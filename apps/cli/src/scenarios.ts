/** `outcry scenarios`: what the demo's market can be told to do. */
import { findScenario } from '@outcry/venue/demo/scenario';
import { scenarioSchema } from '@outcry/venue/demo/scenario-schema';
import { SCENARIOS } from '@outcry/venue/demo/scenarios';
import { DEMO_ASSETS, DEMO_INSTRUMENTS } from '@outcry/venue/domain/config';
import { Market } from '@outcry/venue/domain/market';
import { Command } from 'commander';
import { printTable } from './output.ts';

export function scenariosCommand(): Command {
  return new Command('scenarios')
    .description("List the scenarios of the demo's market, or check one and print it as JSON.")
    .argument('[name|file]', 'a scenario that ships, or a file; ends with 2 when something is wrong with it')
    .option('--schema', 'print the JSON Schema of a scenario file, for editors')
    .action(show);
}

function show(nameOrFile: string | undefined, options: { schema?: boolean }): void {
  if (options.schema) console.log(JSON.stringify(scenarioSchema(), null, 2));
  else if (nameOrFile === undefined) {
    printTable(
      ['name', 'description'],
      Object.entries(SCENARIOS).map(([name, { description = '' }]) => [name, description]),
    );
  } else {
    const { name: _, ...scenario } = findScenario(nameOrFile, new Market(DEMO_ASSETS, DEMO_INSTRUMENTS));
    console.log(JSON.stringify(scenario, null, 2));
  }
}
