import { describe, expect, it } from 'vitest';
import { registryHost, registryLoginHost, registryPlace, repositoryPlace } from './registry-place.js';

const faults = (schema: typeof registryHost, text: string): readonly string[] =>
  schema.safeParse(text).error?.issues.map(({ message }) => message) ?? [];

describe('the host of a registry in a config', () => {
  it.each(['harbor.example', 'Harbor.Example:8443', 'wfm', 'localhost:5000', '[::1]:5000'])('is %s', (text) => {
    expect(faults(registryHost, text)).toEqual([]);
  });

  it.each([
    ['https://harbor.example', 'leave https:// away'],
    ['harbor.example:5000/apps', 'expected host[:port] alone: leave "/apps" away'],
    ['harbor.example/', 'expected host[:port] alone: leave "/" away'],
    ['harbor.example:99999', 'expected host[:port], as in registry.example:5000'],
    ['harbor.example:0443', 'expected host[:port], as in registry.example:5000'],
    ['1.2.3.4.5', 'expected host[:port], as in registry.example:5000'],
    ['ada@harbor.example', 'expected host[:port], as in registry.example:5000'],
    ['', 'expected host[:port], as in registry.example:5000'],
  ])('is not %j', (text, fault) => {
    expect(faults(registryHost, text)).toEqual([fault]);
  });

  it('may be what Docker logs in to Docker Hub under, where it is a login, and no other address', () => {
    expect(faults(registryLoginHost, 'https://index.docker.io/v1/')).toEqual([]);
    expect(faults(registryLoginHost, 'https://index.docker.io/v2/')).toEqual(['leave https:// away']);
    expect(faults(registryHost, 'https://index.docker.io/v1/')).toEqual(['leave https:// away']);
  });
});

describe('a place in a registry', () => {
  it.each([
    'harbor.example/',
    'localhost/apps/',
    'localhost:18443/samples',
    'Harbor.Example/line-1/press',
    'harbor:443/apps/',
    '[::1]:5000/apps/',
  ])('is %s', (text) => {
    expect(faults(registryPlace, text)).toEqual([]);
  });

  it.each([
    ['https://localhost:18443/samples/', 'leave https:// away'],
    ['oci://localhost:18443/samples/', 'leave oci:// away'],
    ['localhost:18443', 'it names no repository: write localhost:18443/ for all of it'],
    [
      'apps/pump',
      'it must begin with a registry, as in registry.example/apps/pump; if apps is one, write apps:443/pump',
    ],
    ['/apps/', 'it must begin with a registry: expected host[:port], as in registry.example:5000'],
    ['', 'it must begin with a registry: expected host[:port], as in registry.example:5000'],
  ])('is not %j', (text, fault) => {
    expect(faults(registryPlace, text)).toEqual([fault]);
  });

  it.each(['harbor.example/Apps/', 'harbor.example/apps//', 'harbor.example/apps/*', 'harbor.example/apps/pump:1.0.0'])(
    'is not %s, which no repository is called',
    (text) => {
      expect(faults(registryPlace, text)).toEqual([expect.stringContaining('is not a repository name')]);
    },
  );
});

describe('a place in any registry', () => {
  it.each(['apps/', 'apps/pump', 'line-1/press/', 'v1.0/', 'team.a/pump'])('is %s', (text) => {
    expect(faults(repositoryPlace, text)).toEqual([]);
  });

  it.each([
    ['apps', 'it names no repository of a project: write apps/ for all below it'],
    ['harbor.plant.example/apps/', 'expected a repository without its host: write apps/'],
    ['localhost:8443/apps/pump', 'expected a repository without its host: write apps/pump'],
    ['10.0.0.7/apps/', 'expected a repository without its host: write apps/'],
    ['harbor.plant.example/', 'expected a repository without its host: leave harbor.plant.example/ away'],
    ['https://harbor.plant.example/apps/', 'leave https:// away, and the host too'],
  ])('is not %j', (text, fault) => {
    expect(faults(repositoryPlace, text)).toEqual([fault]);
  });

  it('is not what no repository is called', () => {
    expect(faults(repositoryPlace, 'apps/Pump')).toEqual([expect.stringContaining('is not a repository name')]);
    expect(faults(repositoryPlace, '/')).toEqual([expect.stringContaining('is not a repository name')]);
  });
});
