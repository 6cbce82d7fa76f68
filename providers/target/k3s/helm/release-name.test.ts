import fc from 'fast-check';
import { expect, it } from 'vitest';
import { releaseName } from './release-name.js';

it('is a name that Helm and DNS take, whatever the component is called', () => {
  fc.assert(
    fc.property(fc.string(), fc.string(), (id, component) => {
      const name = releaseName('tutti', id, component);
      expect(name).toMatch(/^[a-z]([-a-z0-9]*[a-z0-9])?$/);
      expect(name.length).toBeLessThanOrEqual(53);
    }),
  );
});

it('begins with the component, and is another for every application and owner', () => {
  const names = [
    releaseName('tutti', 'a', 'web'),
    releaseName('tutti', 'b', 'web'),
    releaseName('other', 'a', 'web'),
    releaseName('tutti', 'a', 'w-eb'),
    releaseName('tutti', 'a', 'WEB'),
  ];
  expect(new Set(names).size).toBe(names.length);
  expect(names[0]).toMatch(/^web-[0-9a-f]{12}$/);
  expect(releaseName('tutti', 'a', 'web')).toBe(names[0]);
});
