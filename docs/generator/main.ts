/** `npm run docs`: writes the pages that are made from the code. */
import { mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { generatedPages, reference, root } from './pages.js';

const pages = await generatedPages();
mkdirSync(join(root, reference), { recursive: true });
for (const [file, text] of pages) writeFileSync(join(root, file), text);
for (const name of readdirSync(join(root, reference))) {
  if (!pages.has(`${reference}/${name}`)) rmSync(join(root, reference, name));
}
console.log(`${pages.size} pages: ${reference}/ and docs/architecture.md`);
