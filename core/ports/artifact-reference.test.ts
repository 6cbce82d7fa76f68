import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { artifactAt, parseArtifactReference, printArtifactReference } from './artifact-reference.js';
import { RegistryFault } from './artifacts.js';

const sha256 = `sha256:${'0123456789abcdef'.repeat(4)}`;

const label = fc.stringMatching(/^[a-z0-9]([a-z0-9-]{0,8}[a-z0-9])?$/);
const host = fc.oneof(
  fc
    .array(label, { minLength: 1, maxLength: 3 })
    .map((labels) => labels.join('.'))
    // A name that ends in a number is an IPv4 address, or nothing.
    .filter((name) => URL.canParse(`https://${name}`)),
  fc.constantFrom('127.0.0.1', '[::1]', '[fe80::1:2]', 'Registry.Example'),
);
const registry = fc
  .tuple(host, fc.option(fc.integer({ min: 1, max: 65_535 })))
  .map(([name, port]) => (port === null ? name : `${name}:${port}`));
const repository = fc
  .array(fc.stringMatching(/^[a-z0-9]{1,6}((\.|_|__|-{1,3})[a-z0-9]{1,6}){0,2}$/), { minLength: 1, maxLength: 4 })
  .map((parts) => parts.join('/'));
const tag = fc.stringMatching(/^[a-zA-Z0-9_][a-zA-Z0-9._-]{0,127}$/);
const digest = fc.constantFrom(sha256, `sha512:${'a0'.repeat(64)}`);
const reference = fc.record({ registry, repository, tag, digest }, { requiredKeys: ['registry', 'repository'] });

describe('an artifact reference', () => {
  it('is read back as it was printed', () => {
    fc.assert(
      fc.property(reference, (given) => {
        expect(parseArtifactReference(printArtifactReference(given))).toEqual(given);
      }),
    );
  });

  it('never reads any text but into a reference or an `invalid` fault', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.string().map((text) => `oci://host/${text}`),
        ),
        (text) => {
          try {
            expect(printArtifactReference(parseArtifactReference(text)).endsWith(text.replace(/^oci:\/\//i, ''))).toBe(
              true,
            );
          } catch (error) {
            expect(error).toBeInstanceOf(RegistryFault);
            expect(error).toHaveProperty('reason', 'invalid');
          }
        },
      ),
    );
  });

  it.each([
    ['oci://reg.example:5000/a/b:1.0', { registry: 'reg.example:5000', repository: 'a/b', tag: '1.0' }],
    ['reg.example/a', { registry: 'reg.example', repository: 'a' }],
    ['localhost/a:x', { registry: 'localhost', repository: 'a', tag: 'x' }],
    ['wfm:8443/a', { registry: 'wfm:8443', repository: 'a' }],
    ['oci://wfm/a', { registry: 'wfm', repository: 'a' }],
    ['[::1]:5000/a', { registry: '[::1]:5000', repository: 'a' }],
    [`oci://h/a:1@${sha256}`, { registry: 'h', repository: 'a', tag: '1', digest: sha256 }],
  ])('reads %s', (text, expected) => {
    expect(parseArtifactReference(text)).toEqual(expected);
  });

  it.each([
    ['library/nginx', 'names no registry'],
    ['nginx', 'a registry and a repository are needed'],
    ['https://h/a', 'the scheme must be oci://'],
    ['oci://h', 'a registry and a repository are needed'],
    ['oci://h/', 'is not a repository name'],
    ['oci://h/A', 'is not a repository name'],
    ['oci://h/a/../b', 'is not a repository name'],
    ['oci://h/a//b', 'is not a repository name'],
    ['oci://h/a___b', 'is not a repository name'],
    [`oci://h/${'a'.repeat(256)}`, 'is not a repository name'],
    ['oci://h/a:', 'is not a tag'],
    ['oci://h/a:1.0+2', 'is not a tag'],
    ['oci://h/a:.x', 'is not a tag'],
    [`oci://h/a:${'x'.repeat(129)}`, 'is not a tag'],
    ['oci://h/a@sha256:abc', 'is not a digest'],
    [`oci://h/a@${sha256.toUpperCase()}`, 'is not a digest'],
    [`oci://h/a@${sha256}@${sha256}`, 'more than one @'],
    ['oci://h:99999/a', 'is not a port'],
    ['oci://h:0443/a', '0443 is not a port'],
    ['oci://1.2.3.4.5/a', 'is not a host'],
    ['oci://[::zz]/a', 'is not a host'],
    ['oci://[::1::2]/a', 'is not a host'],
    ['oci://u:p@h/a', 'is not a host'],
    ['oci://-h/a', 'is not a host'],
  ])('refuses %s', (text, why) => {
    expect(() => parseArtifactReference(text)).toThrow(why);
  });
});

describe('a repository and its revision', () => {
  it('become a tag, with _ for +', () => {
    expect(artifactAt('oci://h/a', '1.2.3+build.7')).toEqual({ registry: 'h', repository: 'a', tag: '1.2.3_build.7' });
  });
  it('become a digest', () => {
    expect(artifactAt('oci://h/a', sha256)).toEqual({ registry: 'h', repository: 'a', digest: sha256 });
  });
  it('are refused when the repository has a revision of its own, or the revision is neither', () => {
    expect(() => artifactAt('oci://h/a:1', '2')).toThrow('belongs in the revision');
    expect(() => artifactAt('oci://h/a', 'one two')).toThrow('neither a tag nor a digest');
  });
});
