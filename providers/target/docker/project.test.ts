import { expect, it } from 'vitest';
import { projectName } from './project.js';

const id = '1b0c7c1e-0a53-4a55-8a3b-3f7a6f0a1c22';

it('reads as component and deployment', () => {
  expect(projectName(id, 'monitor')).toMatch(/^monitor-1b0c7c1e-[0-9a-f]{8}$/);
});

it('is the same for ever', () => {
  expect(projectName(id, 'monitor')).toBe('monitor-1b0c7c1e-cd04864b');
});

it('keeps apart what only the hidden part tells apart', () => {
  expect(projectName(id, 'monitor')).not.toBe(projectName('1b0c7c1e-ffff-4a55-8a3b-3f7a6f0a1c22', 'monitor'));
  expect(projectName(id, 'a.b')).not.toBe(projectName(id, 'a-b'));
});

it.each(['Monitor', 'a b', '--', 'äöü', '_x', 'x'.repeat(300)])('is a compose project name for %s', (component) => {
  expect(projectName(id, component)).toMatch(/^[a-z0-9][a-z0-9_-]{0,62}$/);
});
