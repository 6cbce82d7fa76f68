import { describe, expect, it } from 'vitest';
import { freePorts } from '../parts/ports.js';
import { pages } from './markdown.js';
import { hasBlocks, runPage, skippedOf } from './page.js';
import { clone, writtenPorts } from './place.js';

const patience = 600_000;
const all = (await pages()).filter(hasBlocks);
// Of all pages at once: none is given a port that another one has been given, and not yet opened.
const ports = await freePorts(all.length * writtenPorts.length);

describe.concurrent('what a page tells people to do works', () => {
  for (const [index, page] of all.entries()) {
    it(page, { timeout: patience }, async ({ onTestFinished }) => {
      const count = writtenPorts.length;
      const place = await clone(ports.slice(index * count, (index + 1) * count));
      onTestFinished(() => place.remove());
      await runPage(page, place);
    });
  }
});

it('runs all blocks but these, for the reasons that their pages say', async () => {
  const skipped = all.flatMap(skippedOf).map(({ at, why }) => `${at}\n    ${why}\n`);
  await expect(skipped.join('')).toMatchFileSnapshot('skipped.txt');
});
