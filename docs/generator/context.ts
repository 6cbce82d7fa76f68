import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { prose } from './doc-comment.js';
import { code, page } from './text.js';

/** What `create` is given, and of its members those that have members of their own. */
const interfaces = [
  ['Context', 'core/plugin/definition.ts'],
  ['BindingContext', 'core/plugin/definition.ts'],
  ['Surface', 'core/operation/surface.ts'],
  ['Clock', 'core/plugin/clock.ts'],
  ['Logger', 'core/plugin/logger.ts'],
  ['Lifecycle', 'core/plugin/lifecycle.ts'],
  ['Health', 'core/plugin/lifecycle.ts'],
] as const;

/** What every kind of entry is given when it is made, and what it may do beside its port, in the words of the interfaces. */
export function contextPage(root: string): string {
  return page(
    'What an entry is given',
    `\`create\` of a definition is called with one object, the context. What is declared as \`config\` and \`uses\` has been checked by then, and has its types. All of these are exported by \`tutti/plugin\`. In a test, \`testContext\` of \`tutti/testing\` makes an instance with one: [testing a plugin](../how-to/test.md).`,
    ...interfaces.flatMap(([name, file]) => {
      const [comment, source] = written(name, readFileSync(join(root, file), 'utf8'), file);
      return [
        `## ${name}`,
        prose(comment),
        `From [${code(file)}](../../${file}):`,
        `\`\`\`ts excerpt="${file}"\n${source}\n\`\`\``,
      ];
    }),
  );
}

function written(name: string, text: string, file: string): readonly [comment: string, source: string] {
  const declared = new RegExp(`(/\\*\\*(?:(?!\\*/)[\\s\\S])*\\*/)\\n(export interface ${name}\\b[\\s\\S]*?^\\})`, 'm');
  const [, comment, source] = declared.exec(text) ?? [];
  if (comment === undefined || source === undefined) throw new Error(`${file}: ${name} has no doc comment`);
  return [comment, source];
}
