/** The house: floors, circles, lengths and first comments of files. */
import assert from 'node:assert/strict';
import fs from 'node:fs';
import { describe, it } from 'node:test';
import { ROOT } from '../packages.ts';
import { isAboutItsFile } from './first-comment.ts';
import { allFiles, circles, house, importsOf, isTest, packageOf, sources, textOf } from './house.ts';

describe('the house (house.json)', () => {
  const floorOf = new Map(house.packages.flatMap((floor, number) => floor.map((folder) => [folder, number] as const)));

  it('holds every package, and its source files', () => {
    const folders = [...fs.globSync('packages/*', { cwd: ROOT }), ...fs.globSync('apps/*', { cwd: ROOT }), 'simulator', 'benchmarks'];
    assert.deepEqual([...floorOf.keys()].sort(), folders.sort());
    assert.ok(sources.length > 300, `${sources.length} files`);
    assert.ok(importsOf('apps/venue/src/venue.ts').includes('apps/venue/src/parts.ts'));
  });

  it('has no package that imports from its own floor or one above', () => {
    const floor = (file: string) => floorOf.get(packageOf(file) ?? '') ?? Number.POSITIVE_INFINITY;
    const wrong = allFiles.flatMap((file) =>
      importsOf(file)
        .filter((other) => packageOf(other) !== packageOf(file) && floor(other) >= floor(file))
        .map((other) => `${file} imports ${other}`),
    );
    // That what is installed is what is published: the test of packages asks the script that publishes them.
    assert.deepEqual(wrong, ['apps/cli/test/packages.long.test.ts imports scripts/packages.ts']);
  });

  it('has no source that imports from a test', () => {
    const wrong = allFiles.filter((file) => !isTest(file) && importsOf(file).some(isTest));
    assert.deepEqual(wrong, []);
  });

  it('has no file that imports from a floor above it in its package, and no doors that meet', () => {
    assert.deepEqual(
      Object.entries(house.rooms).flatMap(([folder, rooms]) => against(folder, rooms)),
      [],
    );
  });

  it('has no circle of imports, of values or of types', () => {
    const unknown = circles().filter((circle) => !house.circles.some(({ within }) => circle.every((file) => file.startsWith(within))));
    assert.deepEqual(unknown, []);
  });

  it('has no file that is too long, and names none as longer that is not', () => {
    const most = (file: string) => (isTest(file) ? house.longestTest : house.longest);
    const long = allFiles.filter((file) => textOf(file).split('\n').length - 1 > most(file));
    assert.deepEqual(long, Object.keys(house.longer).sort());
  });

  it('has no file whose first comment is about something else', () => {
    const wrong = allFiles.filter((file) => !isAboutItsFile(file, textOf(file)));
    assert.deepEqual(wrong, []);
  });
});

describe('the first comment of a file', () => {
  const about = (text: string, file = 'src/order-book.ts') => isAboutItsFile(file, text);
  const imports = "import fs from 'node:fs';\n";

  it('is about the file at its top, or alone below the imports', () => {
    assert.ok(about(`/** Books. */\n${imports}export const A = 1;\nexport const B = 2;\n`));
    assert.ok(about(`#!/usr/bin/env node\n// Books.\n${imports}`));
    assert.ok(about(`${imports}\n/** Books. */\n\nexport const A = 1;\nexport const B = 2;\n`));
  });

  it('may be that of the only export, or of the one that the file is named after', () => {
    assert.ok(about(`${imports}\n/** A book. */\nexport class Book {}\n`));
    assert.ok(about(`${imports}\n/** A book. */\nexport class OrderBook {}\nexport const A = 1;\n`));
  });

  it('is not about the file when it is about a part of it', () => {
    assert.ok(!about('/** How many. */\nexport const MOST = 1;\nexport class OrderBook {}\n'));
    assert.ok(!about(`${imports}\n/** How many. */\nconst MOST = 1;\n\n/** A book. */\nexport class OrderBook {}\n`));
    assert.ok(!about(`${imports}\nconst MOST = 1;\n\n/** Books. */\n\nexport class OrderBook {}\nexport class Book {}\n`));
  });

  it('of a test may be inside it, or on it, but not on what it stands on', () => {
    assert.ok(about("test('a', () => {\n  // why\n});\n", 'test/a.test.ts'));
    assert.ok(about("import 'x';\n/** Why. */\ntest('a', () => {});\n", 'test/a.test.ts'));
    assert.ok(!about("import 'x';\n/** How many. */\nconst MOST = 1;\ntest('a', () => {});\n", 'test/a.test.ts'));
  });
});

/** Imports within a package that its floors do not allow. */
function against(folder: string, { floors, apart, shared }: (typeof house.rooms)[string]): string[] {
  const root = `${folder}/src/`;
  const roomOf = (file: string) => file.slice(root.length).split('/').slice(0, -1);
  const floor = (file: string) => floors.indexOf(roomOf(file)[0] ?? '.');
  return sources
    .filter((file) => file.startsWith(root))
    .flatMap((file) => {
      // What is beside all of it (a demo) stands on top.
      const own = floor(file) < 0 ? floors.length : floor(file);
      return importsOf(file)
        .filter((other) => other.startsWith(root))
        .flatMap((other) => {
          const [room, otherRoom] = [roomOf(file), roomOf(other)];
          const meets = room[0] === apart && otherRoom[0] === apart && room[1] !== otherRoom[1];
          const isWrong = (floor(other) < 0 ? floors.length : floor(other)) > own;
          if (!isWrong && !(meets && (!shared.includes(otherRoom[1]) || shared.includes(room[1])))) return [];
          return [`${file} imports ${other}`];
        });
    });
}
