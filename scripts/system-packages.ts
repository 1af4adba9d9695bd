#!/usr/bin/env node
// Installs the Debian packages that tests need, where this runs as root on Debian; elsewhere names what is missing.
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';

const NEEDED = [
  { name: 'chromium', file: '/usr/bin/chromium', for: 'the browser tests of the page' },
  { name: 'tshark', file: '/usr/bin/tshark', for: "Wireshark's reading of our ports" },
  { name: 'tcpdump', file: '/usr/bin/tcpdump', for: 'captures written by others' },
  { name: 'libquickfix-dev', file: '/usr/include/quickfix/Session.h', for: 'the FIX tests with QuickFIX' },
];

const missing = NEEDED.filter((needed) => !fs.existsSync(needed.file));
if (missing.length === 0) process.exit(0);

const isDebian = fs.existsSync('/etc/debian_version') && fs.existsSync('/usr/bin/apt-get');
if (!isDebian || process.getuid?.() !== 0) {
  for (const needed of missing)
    console.warn(`missing: ${needed.name} (${needed.file}), needed for ${needed.for}; those tests will be skipped`);
  process.exit(0);
}
const apt = (...args: string[]) => {
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  return spawnSync('apt-get', ['-qq', ...args], { stdio: ['ignore', 'ignore', 'inherit'], env }).status === 0;
};
console.log(`installing ${missing.map((needed) => needed.name).join(', ')} from Debian's packages`);
const names = missing.map((needed) => needed.name);
if (!apt('update') || !apt('install', '-y', '--no-install-recommends', ...names)) {
  console.warn(`could not install ${names.join(', ')}: the tests that need them will be skipped`);
}
