import { describe, expect, it } from 'vitest';
import { CommandFailure } from '../failure.js';
import { kindOf, listedOf } from './index.js';

function advice(run: () => unknown): string | undefined {
  try {
    run();
  } catch (error) {
    if (error instanceof CommandFailure) return `${error.message}; ${error.advice}`;
    throw error;
  }
  return undefined;
}

describe('a kind', () => {
  it.each([
    ['repository', 'repositories'],
    ['Repositories', 'repositories'],
    ['artifact', 'artifacts'],
  ])('to list may be %s', (word, kind) => {
    expect(listedOf(word)).toBe(kind);
  });

  it('to list is any that there is one of', () => {
    expect(listedOf('devices')).toBe(kindOf('device'));
  });

  it('that is misspelt brings the one that was meant, and all', () => {
    const all = 'kinds are packages, deployments (or instances), devices, repositories and artifacts';
    expect(advice(() => listedOf('repositorys'))).toBe(
      `there is no kind "repositorys"; did you mean "repositories"? ${all}`,
    );
    expect(advice(() => listedOf('pods'))).toBe(`there is no kind "pods"; ${all}`);
    expect(advice(() => kindOf('divices'))).toContain('did you mean "devices"?');
  });

  it('of which one cannot be shown says that they can be listed', () => {
    expect(advice(() => kindOf('repository'))).toBe(
      'repositories are in a registry; they can be listed: tutti get repositories',
    );
  });
});
