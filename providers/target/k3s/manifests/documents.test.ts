import { describe, expect, it } from 'vitest';
import { readDocuments } from './documents.js';

const read = (text: string) => readDocuments([{ name: 'web.yaml', text }]);
const conf = 'apiVersion: v1\nkind: ConfigMap\nmetadata: { name: conf }\n';

describe('reads', () => {
  it('documents and lists, in order, across files', () => {
    const list = `apiVersion: v1\nkind: List\nitems:\n- { apiVersion: v1, kind: Secret, metadata: { name: s } }\n`;
    const { objects, faults } = readDocuments([
      { name: 'a', text: `${conf}---\n---\n${list}` },
      { name: 'b', text: 'apiVersion: v1\nkind: Service\nmetadata: { name: web, namespace: line }' },
    ]);
    expect(faults).toEqual([]);
    expect(objects.map(({ kind, metadata }) => [kind, metadata.namespace, metadata.name])).toEqual([
      ['ConfigMap', undefined, 'conf'],
      ['Secret', undefined, 's'],
      ['Service', 'line', 'web'],
    ]);
  });

  it('nothing of what only the API server sets', () => {
    const got = `${conf.replace('{ name: conf }', '{ name: conf, uid: x, resourceVersion: "4", creationTimestamp: null, labels: null }')}status: {}\n`;
    expect(read(got).objects).toEqual([{ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'conf' } }]);
  });
});

it.each([
  ['nothing', '', 'it holds no object'],
  ['what is no YAML', 'a: [', 'web.yaml, document 1: '],
  ['text', 'hello', 'web.yaml, document 1: it: '],
  ['no name', `${conf}---\napiVersion: v1\nkind: Secret\nmetadata: {}`, 'web.yaml, document 2: metadata.name: '],
  ['no kind', 'apiVersion: v1\nmetadata: { name: a }', 'kind: '],
  ['a label that is no text', `${conf.replace('name: conf', 'name: conf, labels: { a: 1 }')}`, 'metadata.labels.a: '],
  ['one object twice', `${conf}---\n${conf}`, 'ConfigMap conf is there twice'],
  [
    'a bomb',
    `a: &a [x, x]\n${Array.from({ length: 30 }, (_, n) => `b${n}: &b${n} [*${n ? `b${n - 1}` : 'a'}, *${n ? `b${n - 1}` : 'a'}]`).join('\n')}`,
    'document 1: ',
  ],
  ['a pit', '['.repeat(5000), 'web.yaml: is nested too deeply'],
])('refuses %s', (_name, text, fault) => {
  const { faults } = read(text);
  expect(faults[0]).toContain(fault);
});
