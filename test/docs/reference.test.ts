import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { generatedPages, reference, root } from '../../docs/generator/pages.js';

const pages = await generatedPages();

test.each([...pages])('%s is what the code says', (file, text) => {
  expect(readFileSync(join(root, file), 'utf8') === text, `${file} is stale; run: npm run docs`).toBe(true);
});

test('there are no other pages beside those that are made', () => {
  const made = [...pages.keys()].filter((file) => file.startsWith(`${reference}/`));
  expect(
    readdirSync(join(root, reference))
      .map((name) => `${reference}/${name}`)
      .toSorted(),
  ).toEqual(made.toSorted());
});

test('every room of core is on the page about the architecture', () => {
  const page = readFileSync(join(root, 'docs/architecture.md'), 'utf8');
  const rooms = readdirSync(join(root, 'core')).map((name) => `\`core/${name}/\``);
  expect(rooms.filter((room) => !page.includes(`| ${room}`) && !page.includes(`, ${room}`))).toEqual([]);
});

test('every built-in type, operation and command has a heading', () => {
  const headings = (name: string): string[] =>
    [...(pages.get(`${reference}/${name}.md`) ?? '').matchAll(/^#{2,3} (.+)$/gm)].map(([, heading]) => heading ?? '');
  expect(headings('providers')).toContain('state.sqlite');
  expect(headings('ports')).toEqual(expect.arrayContaining(['state', 'target', 'secret', 'transport']));
  expect(headings('operations')).toEqual(
    expect.arrayContaining(['deployments.create', 'agent.status', 'system.livez']),
  );
  expect(headings('cli')).toEqual(expect.arrayContaining(['tutti run', 'tutti token create']));
  expect(headings('cli')).not.toContain('tutti bench serve');
});
