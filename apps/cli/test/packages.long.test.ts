import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { after, before, describe, it } from 'node:test';
import { BUILT, PACKED, ROOT } from '../../../scripts/packages.ts';
import { temporaryDirectory } from '../../venue/test/support/process.ts';

/** What a project of one's own has: the packages as files, a compiler, and nothing of the workspace. */
describe('the packages, in an empty project', () => {
  const project = temporaryDirectory('packages');
  const run = (command: string, args: string[], cwd = project) => {
    try {
      return execFileSync(command, args, { cwd, encoding: 'utf8', stdio: 'pipe' });
    } catch (error) {
      const { stdout, stderr } = error as { stdout: string; stderr: string };
      throw new Error(`${command} ${args.join(' ')}\n${stdout}\n${stderr}`);
    }
  };

  before(() => {
    run('npm', ['run', 'build'], ROOT);
    run('npm', ['pack', ...PACKED.flatMap((folder) => ['-w', folder]), '--pack-destination', project], ROOT);
    fs.writeFileSync(path.join(project, 'package.json'), '{ "type": "module", "private": true }');
    const archives = fs.readdirSync(project).filter((name) => name.endsWith('.tgz'));
    assert.equal(archives.length, PACKED.length);
    const versions = JSON.parse(fs.readFileSync(path.join(ROOT, 'package-lock.json'), 'utf8')).packages;
    const others = ['fastify', 'typescript', '@types/node'].map((name) => `${name}@${versions[`node_modules/${name}`].version}`);
    run('npm', ['install', '--no-audit', '--no-fund', ...archives.map((name) => `./${name}`), ...others]);
  });
  after(() => fs.rmSync(project, { recursive: true, force: true }));

  it('hold what was built, and nothing of the source, the tests, or another package', () => {
    for (const folder of BUILT) {
      const { name } = JSON.parse(fs.readFileSync(path.join(ROOT, folder, 'package.json'), 'utf8'));
      const installed = path.join(project, 'node_modules', name);
      assert.ok(!fs.lstatSync(installed).isSymbolicLink());
      const files = fs.globSync('**/*', { cwd: installed }).filter((file) => fs.statSync(path.join(installed, file)).isFile());
      const strange = files.filter((file) => !/^(dist|proto)\/|^README\.md$|^package\.json$|^config\.schema\.json$/.test(file));
      assert.deepEqual(strange, [], name);
      assert.ok(files.includes('README.md') && files.includes('dist/index.js') && files.includes('dist/index.d.ts'), name);
    }
    assert.ok(!fs.existsSync(path.join(ROOT, 'packages/memory/package.json.source')), 'the workspace is as it was');
  });

  for (const example of fs.globSync('examples/*.ts', { cwd: ROOT })) {
    it(`run ${example}, and what it shows is so`, () => {
      const file = path.join(project, path.basename(example));
      fs.copyFileSync(path.join(ROOT, example), file);
      run(process.execPath, [file]);
    });
  }

  for (const folder of BUILT) {
    it(`run what the README of ${folder} begins with`, () => {
      const snippet = /```ts\n([\s\S]*?)```/.exec(fs.readFileSync(path.join(ROOT, folder, 'README.md'), 'utf8'));
      assert.ok(snippet, 'it has an example');
      const file = path.join(project, `readme-${path.basename(folder)}.ts`);
      fs.writeFileSync(file, snippet[1]);
      run(process.execPath, [file]);
    });
  }

  it('have types that a compiler checks all of this against', () => {
    const options = { target: 'es2024', module: 'nodenext', strict: true, noEmit: true, allowImportingTsExtensions: true, types: ['node'] };
    fs.writeFileSync(path.join(project, 'tsconfig.json'), JSON.stringify({ compilerOptions: options, include: ['*.ts'] }));
    run(path.join(project, 'node_modules/.bin/tsc'), ['-p', '.']);
  });
});
