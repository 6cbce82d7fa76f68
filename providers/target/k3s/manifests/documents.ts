import { parseAllDocuments } from 'yaml';
import { z } from '../../../../core/plugin/index.js';
import { tooDeepAt } from '../../../../core/yaml/index.js';
import type { KubernetesObject } from '../kubernetes.js';
import type { ManifestFile } from './artifact.js';

export interface Documents {
  readonly objects: readonly KubernetesObject[];
  /** What is wrong, with the file and the document; nothing of it may be applied then. */
  readonly faults: readonly string[];
}

const texts = z.record(z.string(), z.string());

/** As an author writes it; what only the API server sets is dropped. */
const object = z.looseObject({
  apiVersion: z.string().min(1),
  kind: z.string().min(1),
  metadata: z.looseObject({
    name: z.string().min(1),
    namespace: z.string().min(1).optional(),
    labels: texts.nullish(),
    annotations: texts.nullish(),
  }),
});

const list = z.looseObject({ kind: z.string().endsWith('List'), items: z.array(z.unknown()) });

/** Reads all documents of all files, in order; lists are what is in them. Never throws for what the text says. */
export function readDocuments(files: readonly ManifestFile[]): Documents {
  const objects: KubernetesObject[] = [];
  const faults: string[] = [];
  for (const { name, text } of files) {
    if (tooDeepAt(text) !== undefined) {
      faults.push(`${name}: is nested too deeply`);
      continue;
    }
    for (const [at, document] of parseAllDocuments(text, { merge: true }).entries()) {
      const where = `${name}, document ${at + 1}`;
      const [error] = document.errors;
      if (error !== undefined) faults.push(`${where}: ${error.message.split('\n', 1)[0]}`);
      else collect(plain(document), where, objects, faults);
    }
  }
  if (objects.length === 0 && faults.length === 0) faults.push('it holds no object');
  faults.push(...doubles(objects));
  return { objects, faults };
}

function plain(document: { toJS(): unknown }): unknown {
  try {
    return document.toJS();
  } catch (cause) {
    // The library's own limit on how often aliases may be followed.
    return cause instanceof Error ? cause : String(cause);
  }
}

function collect(value: unknown, where: string, objects: KubernetesObject[], faults: string[]): void {
  if (value === null || value === undefined) return;
  if (value instanceof Error) return void faults.push(`${where}: ${value.message}`);
  const many = list.safeParse(value);
  if (many.success) {
    for (const [at, item] of many.data.items.entries()) collect(item, `${where}, item ${at + 1}`, objects, faults);
    return;
  }
  const one = object.safeParse(value);
  if (!one.success) {
    for (const issue of one.error.issues) faults.push(`${where}: ${issue.path.join('.') || 'it'}: ${issue.message}`);
    return;
  }
  const { status: _status, metadata, ...rest } = one.data;
  const {
    creationTimestamp: _created,
    generation: _generation,
    managedFields: _managed,
    resourceVersion: _version,
    selfLink: _link,
    uid: _uid,
    labels,
    annotations,
    ...written
  } = metadata;
  const kept = { ...written, ...(labels && { labels }), ...(annotations && { annotations }) };
  objects.push({ ...rest, metadata: kept } as KubernetesObject);
}

function doubles(objects: readonly KubernetesObject[]): string[] {
  const seen = new Set<string>();
  return objects.flatMap(({ apiVersion, kind, metadata: { namespace = '', name } }) => {
    const key = JSON.stringify([apiVersion, kind, namespace, name]);
    if (seen.has(key)) return [`${kind} ${name} is there twice`];
    seen.add(key);
    return [];
  });
}
