/** Programs that use QuickFIX: compiled and run. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { endAfterTests } from './left-open.ts';
import { until } from './until.ts';

/** A program of this folder that uses QuickFIX, compiled; why not, when it cannot be. */
export function compileQuickFix(name: string, folder: string): { program?: string; why?: string } {
  if (!fs.existsSync('/usr/include/quickfix/Session.h')) return { why: 'libquickfix-dev is not installed' };
  const source = fileURLToPath(new URL(`./${name}.cpp`, import.meta.url));
  const program = path.join(folder, name);
  const { status, stderr } = spawnSync('g++', ['-std=c++14', '-w', source, '-lquickfix', '-lpthread', '-o', program], { encoding: 'utf8' });
  return status === 0 ? { program } : { why: `g++ could not build it: ${stderr?.slice(0, 200)}` };
}

/** Such a program, running: commands in, a line for each message and event out. */
export class QuickFix {
  readonly lines: string[] = [];
  readonly child: ChildProcess;

  constructor(program: string, settings: string) {
    this.child = spawn(program, [settings], { stdio: ['pipe', 'pipe', 'inherit'] });
    endAfterTests(() => this.child.kill('SIGKILL'));
    let rest = '';
    this.child.stdout!.on('data', (chunk) => {
      const all = (rest + chunk).split('\n');
      rest = all.pop()!;
      this.lines.push(...all);
    });
  }

  say(command: string): void {
    this.child.stdin!.write(`${command}\n`);
  }

  /** Waits for a line that holds all of these: words at its beginning, or fields. */
  async line(...wanted: string[]): Promise<void> {
    const holds = (line: string) => wanted.every((part) => (part.includes('=') ? line.includes(`|${part}|`) : line.startsWith(part)));
    const what = () => `${wanted} in\n${this.lines.join('\n')}`;
    await until(() => this.lines.some(holds), what);
  }

  async end(signal: NodeJS.Signals): Promise<void> {
    const ended = new Promise((resolve) => this.child.once('exit', resolve));
    this.child.kill(signal);
    await ended;
  }
}
