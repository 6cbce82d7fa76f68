import { describe, expect, it } from 'vitest';
import { isSecret, type z } from '../../../core/plugin/index.js';
import { ociConfig } from './config.js';

const faults = (registry: object): string[] => {
  const parsed = ociConfig.safeParse({ registries: [registry] });
  return parsed.success ? [] : parsed.error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`);
};

describe('the config of registry.oci', () => {
  it('is complete without anything', () => {
    expect(ociConfig.parse({})).toEqual({
      registries: [],
      unlisted: 'refuse',
      timeouts: { connect: 10, answer: 30, idle: 30 },
      attempts: 4,
    });
  });

  it.each([
    [{ url: 'https://harbor.example' }],
    [{ url: 'https://harbor.example:8443/', username: 'ada', password: 'x' }],
    [{ url: 'http://127.0.0.1:5000', passwordFile: 'admin.token' }],
    [{ url: 'https://harbor.example', username: 'ada', passwordSecret: 'harbor/ada' }],
    [{ url: 'http://localhost:5000' }],
    [{ url: 'http://[::1]:5000' }],
  ])('takes %j', (registry) => {
    expect(faults(registry)).toEqual([]);
  });

  it.each([
    [{ url: 'http://harbor.example' }, 'registries.0.url: plain http is for loopback addresses only; use https'],
    [{ url: 'http://127.0.0.1.example' }, 'registries.0.url: plain http is for loopback addresses only; use https'],
    [{ url: 'https://harbor.example/v2' }, 'registries.0.url: only https://host[:port], without a path'],
    [
      { url: 'https://a:b@harbor.example' },
      'registries.0.url: credentials do not belong in the URL; use username and password',
    ],
    [
      { url: 'https://h', username: 'ada' },
      'registries.0.username: a username needs a password, a passwordFile or a passwordSecret',
    ],
    [
      { url: 'https://h', password: 'a', passwordFile: 'b' },
      'registries.0.passwordFile: password and passwordFile exclude each other',
    ],
    [
      { url: 'https://h', passwordFile: 'b', passwordSecret: 'c' },
      'registries.0.passwordSecret: passwordFile and passwordSecret exclude each other',
    ],
    [
      { url: 'https://h', passwordSecret: '../c' },
      'registries.0.passwordSecret: not the name of a secret (letters, digits, `.`, `_`, `-`, in parts between `/`)',
    ],
    [{ url: 'https://h', insecure: true }, 'registries.0: Unrecognized key: "insecure"'],
    [{ url: 'harbor.example' }, 'registries.0.url: https:// is missing: write https://harbor.example'],
    [{ url: 'harbor.example:8443' }, 'registries.0.url: https:// is missing: write https://harbor.example:8443'],
    [{ url: 'oci://h' }, 'registries.0.url: expected https://host[:port], as in https://registry.example:5000'],
  ])('refuses %j', (registry, fault) => {
    expect(faults(registry)).toContain(fault);
  });

  it('marks the password as secret', () => {
    const registries = ociConfig.shape.registries.unwrap() as z.ZodArray<z.ZodObject<{ password: z.ZodOptional }>>;
    const { password } = registries.element.shape;
    expect(isSecret(password) || isSecret(password.unwrap() as z.ZodType)).toBe(true);
  });
});
