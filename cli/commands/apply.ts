import { readFile } from 'node:fs/promises';
import { type ConnectionOptions, withClient } from '../client/index.js';
import { invalid, reasonOf } from '../failure.js';
import type { Terminal } from '../terminal.js';
import { applyDeployment } from './apply-deployment.js';
import { applyPackage } from './apply-package.js';
import type { Applied, Applying, Document } from './applying.js';

export interface ApplyOptions extends ConnectionOptions {
  readonly filename: string;
  readonly wait?: boolean;
  /** Milliseconds, for each document. */
  readonly timeout: number;
}

type Applier = (document: Document, on: Applying) => Promise<Applied>;

const appliers: Readonly<Record<string, Applier>> = {
  ApplicationPackage: applyPackage,
  ApplicationDeployment: applyDeployment,
};

/** `tutti apply -f FILE`: its documents in their order; the first that fails ends it. Nothing is done if one cannot be read. */
export async function apply(terminal: Terminal, options: ApplyOptions): Promise<void> {
  const { filename, wait = false, timeout } = options;
  const text = filename === '-' ? await terminal.readInput() : await readText(filename);
  const work = (await parse(text, filename)).map((document, index) => {
    const kind = document['kind'];
    const applier = typeof kind === 'string' ? appliers[kind] : undefined;
    if (applier) return { document, applier };
    const found = kind === undefined ? 'missing' : JSON.stringify(kind);
    const known = Object.keys(appliers).join(' or ');
    throw invalid(`${filename}, document ${index + 1}: kind is ${found}; expected ${known}`);
  });
  await withClient(terminal, options, async (client) => {
    let next: string | undefined;
    const importing = new Set<string>();
    for (const { document, applier } of work) {
      const applied = await applier(document, { terminal, client, wait, timeout, importing });
      terminal.out(`${applied.what} ${applied.outcome}`);
      next = applied.next;
    }
    if (next !== undefined) terminal.next(next);
  });
}

async function readText(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (cause) {
    throw invalid(`${file} cannot be read: ${reasonOf(cause)}`, undefined, { cause });
  }
}

async function parse(text: string, file: string): Promise<Document[]> {
  const { parseAllDocuments } = await import('yaml');
  const documents = [...parseAllDocuments(text)];
  const [fault] = documents.flatMap(({ errors }) => errors);
  if (fault) throw invalid(`${file}: ${fault.message}`, undefined, { cause: fault });
  const values = documents.map((document): unknown => document.toJS()).filter((value) => value !== null);
  if (values.length === 0) throw invalid(`${file} is empty`);
  return values.map((value, index) => {
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Document;
    throw invalid(`${file}, document ${index + 1} is no mapping`);
  });
}
