import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { strayLine } from './excerpt.js';
import { anchorsOf, blocksOf, linksOf, pages, readPage, root, targetOf } from './markdown.js';
import { isAsShown } from './output.js';

test('a block has its language, its marks and the line that its code begins in', () => {
  const markdown = 'One\n\n1. two\n\n   ```sh background exit=2 skip="needs a \'k3s\' cluster"\n   echo\n   ```\n';
  const [block] = blocksOf('page.md', markdown);
  expect(block).toMatchObject({ page: 'page.md', line: 6, language: 'sh', text: 'echo\n' });
  expect([...(block?.marks ?? [])]).toEqual([
    ['background', ''],
    ['exit', '2'],
    ['skip', "needs a 'k3s' cluster"],
  ]);
});

test('code without a language is seen too, and an info string that cannot be read is refused', () => {
  expect(blocksOf('page.md', 'text\n\n    indented\n\n```\nfenced\n```\n').map(({ language }) => language)).toEqual([
    '',
    '',
  ]);
  expect(() => blocksOf('page.md', '```sh skip=because it is\nx\n```\n')).not.toThrow();
  expect(() => blocksOf('page.md', '```sh skip="never closed\nx\n```\n')).toThrow('cannot read the info string');
});

test.each([
  ['the same', 'one  two\n\nthree', 'one two\nthree\n', true],
  ['another word', 'one two', 'one three', false],
  ['a line too much', 'one', 'one\ntwo', false],
  ['a line that is missing', 'one\ntwo', 'one', false],
  ['any text of a line', 'pushed ... to here', 'pushed a thing to here', true],
  ['no text beyond the line', 'pushed ... here', 'pushed\nhere', false],
  ['any lines', 'one\n...\nfour', 'one\ntwo\nthree\nfour', true],
  ['any lines, and none', 'one\n...\ntwo', 'one\ntwo', true],
  ['signs that mean something in patterns', 'a.c (x|y)', 'abc (x|y)', false],
  ['times and durations', 'ready in 12 ms, 2026-01-02T03:04:05.678Z', 'ready in 7 ms, 2027-01-01T00:00:00Z', true],
  ['digests and ids', 'hello (1a2b3c4d) sha256:00112233', 'hello (99ffee00) sha256:ffee0011', true],
  ['words that only look like ids', 'defaced', 'decades', false],
] as const)('output is compared: %s', (_, shown, found, same) => {
  expect(isAsShown(shown, found)).toBe(same);
});

test.each([
  ['indentation and comments', 'a();  // why\nb();', '  a();\n\n  b(); // so', undefined],
  ['another order', 'b();\na();', 'a();\nb();', 'b();'],
  ['a gap that is not told', 'a();\nc();', 'a();\nb();\nc();', 'a();'],
  ['a gap that is told', 'a();\n// ...\nc();', 'a();\nb();\nc();', undefined],
  ['a line that is not there', 'a();\nx();', 'a();\nb();', 'x();'],
] as const)('an excerpt is compared with its file: %s', (_, excerpt, source, stray) => {
  expect(strayLine(excerpt, source)).toBe(stray);
});

test('headings have the anchors that GitHub gives them', () => {
  const anchors = anchorsOf("# It's `tutti run`: how?\n\n## Twice\n\n## Twice\n");
  expect([...anchors]).toEqual(['its-tutti-run-how', 'twice', 'twice-1']);
});

const all = await pages();
const anchorsIn = new Map(all.map((page) => [page, anchorsOf(readPage(page))]));
test.each(all)('the links of %s lead somewhere', (page) => {
  const broken = linksOf(readPage(page)).flatMap(({ line, url }) => {
    const target = targetOf(page, url);
    if (!target) return [];
    if (!existsSync(join(root, target.file))) return [`${page}:${line}: there is no ${target.file}`];
    const lost =
      target.anchor !== '' && !(anchorsIn.get(target.file) ?? anchorsOf(readPage(target.file))).has(target.anchor);
    return lost ? [`${page}:${line}: ${target.file} has no heading for #${target.anchor}`] : [];
  });
  expect(broken).toEqual([]);
});
