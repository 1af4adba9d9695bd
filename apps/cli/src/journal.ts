import { Command } from 'commander';
export function journalCommand(): Command {
  return new Command('journal').description('Journal.');
}
