/** The `outcry` command with its subcommands, and what all of them have. */
import { Command } from 'commander';
import { accountCommand } from './account.ts';
import { benchCommand } from './bench.ts';
import { configCommand } from './config.ts';
import { doctorCommand } from './doctor.ts';
import { feedCommand } from './feed.ts';
import { itchCommand } from './itch.ts';
import { journalCommand } from './journal.ts';
import { memoryCommand } from './memory.ts';
import { endWithReader } from './output.ts';
import { replayCommand } from './replay.ts';
import { scenariosCommand } from './scenarios.ts';
import { serveCommand } from './serve.ts';
import { simulateCommand } from './simulate.ts';

/** Throws what would end the process: a CommanderError where the usage is wrong. */
export function outcryProgram(): Command {
  const program = new Command('outcry')
    .description('A market: run a venue, look into its journal, follow its feeds, measure it.')
    .version('0.1.0')
    .addCommand(serveCommand())
    .addCommand(configCommand())
    .addCommand(scenariosCommand())
    .addCommand(accountCommand())
    .addCommand(journalCommand())
    .addCommand(memoryCommand())
    .addCommand(feedCommand())
    .addCommand(itchCommand())
    .addCommand(replayCommand())
    .addCommand(benchCommand())
    .addCommand(simulateCommand())
    .addCommand(doctorCommand())
    // A venue goes on without those who read its words.
    .hook('preAction', (_, command) => {
      if (command.name() !== 'serve') endWithReader();
    });
  prepare(program, 'outcry');
  return program;
}

/** Lets a command, and those below it, throw what it would end the process with; an error is a line, and another that leads to the help. */
function prepare(command: Command, called: string): void {
  command
    .exitOverride()
    .showHelpAfterError(`See: ${called} --help`)
    .configureOutput({ outputError: (text, write) => write(text.replace(/^error: /, 'outcry: ')) });
  for (const each of command.commands) prepare(each, `${called} ${each.name()}`);
}
