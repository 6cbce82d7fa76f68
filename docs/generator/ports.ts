import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { prose } from './doc-comment.js';
import { list, page } from './text.js';

interface PortText {
  readonly id: string;
  readonly summary: string;
  /** Of its interface. */
  readonly name: string;
  /** What its doc comment promises, as Markdown. */
  readonly contract: string;
  /** As it is written. */
  readonly source: string;
  /** Where it is written. */
  readonly file: string;
}

/** What is promised at each port, in the words of its doc comment and of its interface. */
export function portsPage(root: string): string {
  const folder = 'core/ports';
  const ports = readdirSync(join(root, folder))
    .filter((file) => file.endsWith('.ts') && !file.endsWith('.test.ts'))
    .flatMap((file) => portsOf(`${folder}/${file}`, readFileSync(join(root, folder, file), 'utf8')))
    .toSorted((a, b) => (a.id < b.id ? -1 : 1));
  return page(
    'Ports',
    'The interfaces that providers implement, with what each promises. All of it is exported by `tutti/plugin`; the types that they use are explained in the files.',
    list(ports.map(({ id, summary }) => `[\`${id}\`](#${id}): ${summary}`)),
    ...ports.flatMap(({ id, summary, name, contract, source, file }) => [
      `## ${id}`,
      `${summary}: \`${name}\` in [${file}](../../${file}).`,
      contract,
      `\`\`\`ts excerpt="${file}"\n${source}\n\`\`\``,
    ]),
  );
}

function portsOf(file: string, text: string): PortText[] {
  const defined = /^export const (\w+) = definePort<[^>]*>\(\s*'([^']+)',\s*(?:'([^']*)'|"([^"]*)")/gm;
  return [...text.matchAll(defined)].map(([, name = '', id = '', single, double]) => {
    const written = new RegExp(
      `(/\\*\\*(?:(?!\\*/)[\\s\\S])*\\*/)\\n(export interface ${name} \\{[\\s\\S]*?^\\})`,
      'm',
    ).exec(text);
    const [, comment, source] = written ?? [];
    if (comment === undefined || source === undefined) {
      throw new Error(
        `${file}: the interface ${name} of the port "${id}" has no doc comment that says what it promises`,
      );
    }
    return { id, summary: single ?? double ?? '', name, contract: prose(comment), source, file };
  });
}
