import { expect, it } from 'vitest';
import { expectedWorkloads } from './manifest.js';

it('says nothing of a manifest that nobody can read, whose aliases are of aliases of aliases', () => {
  const levels = Array.from({ length: 9 }, (_, at) => `l${at + 1}: &l${at + 1} [${`*l${at}, `.repeat(9)}*l${at}]`);
  const bomb = ['l0: &l0 [x]', ...levels].join('\n');
  const web = 'apiVersion: apps/v1\nkind: Deployment\nmetadata: { name: web }';
  expect(expectedWorkloads(`${bomb}\n---\n${web}`, 'line')).toBeUndefined();
  expect(expectedWorkloads(web, 'line')).toHaveLength(1);
});
