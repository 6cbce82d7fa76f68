import { readFileSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { dirname, join, relative, resolve } from 'node:path';
import type { Code, Heading, Nodes } from 'mdast';
import { fromMarkdown } from 'mdast-util-from-markdown';

export const root = resolve(import.meta.dirname, '../..');

/** Every page that people read, relative to the root. */
export async function pages(): Promise<string[]> {
  const found = await Promise.all(
    ['docs', 'plugins'].map(async (room) => {
      const entries = await readdir(join(root, room), { recursive: true, withFileTypes: true });
      return entries
        .filter((entry) => entry.isFile() && entry.name.endsWith('.md') && !entry.parentPath.includes('node_modules'))
        .map((entry) => relative(root, join(entry.parentPath, entry.name)));
    }),
  );
  return ['README.md', ...found.flat().toSorted()];
}

export const readPage = (page: string): string => readFileSync(join(root, page), 'utf8');

/** A block of code of a page, with what its info string says of it: `sh background skip="why"`. */
export interface Block {
  readonly page: string;
  /** Of its first line of code, from 1. */
  readonly line: number;
  /** Empty where the page does not say. */
  readonly language: string;
  /** What follows the language; a name without a value has the empty string. */
  readonly marks: ReadonlyMap<string, string>;
  readonly text: string;
}

/** Indented code too, as a block without a language. */
export function blocksOf(page: string, markdown: string): Block[] {
  return nodesOf(fromMarkdown(markdown))
    .filter((node): node is Code => node.type === 'code')
    .map(({ lang, meta, value, position }) => ({
      page,
      line: (position?.start.line ?? 0) + 1,
      language: lang ?? '',
      marks: marksOf(meta ?? ''),
      text: `${value}\n`,
    }));
}

function marksOf(info: string): ReadonlyMap<string, string> {
  const form = /([a-z]+)(?:=(?:"([^"]*)"|([^\s"]\S*)))?(?:\s+|$)/gy;
  const marks = [...info.matchAll(form)];
  if (marks.map(([whole]) => whole).join('') !== info) throw new Error(`cannot read the info string "${info}"`);
  return new Map(marks.map(([, name = '', quoted, plain]) => [name, quoted ?? plain ?? '']));
}

export interface Link {
  readonly line: number;
  readonly url: string;
}

export function linksOf(markdown: string): Link[] {
  return nodesOf(fromMarkdown(markdown)).flatMap((node) =>
    node.type === 'link' || node.type === 'image' || node.type === 'definition'
      ? [{ line: node.position?.start.line ?? 0, url: node.url }]
      : [],
  );
}

/** The anchors that GitHub gives the headings of a page. */
export function anchorsOf(markdown: string): ReadonlySet<string> {
  const headings = nodesOf(fromMarkdown(markdown)).filter((node): node is Heading => node.type === 'heading');
  const slugs = headings.map((heading) =>
    nodesOf(heading)
      .map((node) => ('value' in node ? node.value : ''))
      .join('')
      .toLowerCase()
      .replace(/[^\p{L}\p{N}\p{M}_ -]/gu, '')
      .replaceAll(' ', '-'),
  );
  return new Set(slugs.map((slug, index) => numbered(slug, slugs.slice(0, index))));
}

function numbered(slug: string, before: readonly string[]): string {
  const same = before.filter((other) => other === slug).length;
  return same === 0 ? slug : `${slug}-${same}`;
}

/** What a link of a page leads to in this repository; `undefined` for one that leads elsewhere. */
export function targetOf(page: string, url: string): { readonly file: string; readonly anchor: string } | undefined {
  if (/^[a-z][a-z0-9+.-]*:/i.test(url)) return undefined;
  const [path = '', anchor = ''] = url.split('#', 2);
  return { file: path === '' ? page : join(dirname(page), decodeURIComponent(path)), anchor };
}

function nodesOf(node: Nodes): Nodes[] {
  return [node, ...('children' in node ? node.children.flatMap(nodesOf) : [])];
}
