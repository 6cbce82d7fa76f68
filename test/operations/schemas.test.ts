import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import type { Operation } from '../../core/operation/index.js';
import * as agent from '../../vendors/agent/operations.js';
import * as device from '../../vendors/device-signed/operations.js';
import * as operator from '../../vendors/operator/operations.js';
import * as system from '../../vendors/system/index.js';

/** Every operation that is built in. */
const operations = [operator, device, agent, system]
  .flatMap((module): unknown[] => Object.values(module))
  .filter((value): value is Operation => typeof value === 'object' && value !== null && 'access' in value);
const byId = operations.map((operation) => [operation.id, operation] as const);

const answers = operations.flatMap(({ id, output }) => ('schema' in output ? [[id, output.schema] as const] : []));
const definitions = (schema: z.ZodType, io: 'input' | 'output'): Record<string, object> =>
  (z.toJSONSchema(schema, { io }) as { $defs?: Record<string, object> }).$defs ?? {};

describe('what is built in', () => {
  it('has the operations of all vendors', () => {
    const ids = new Set(operations.map(({ id }) => id));
    for (const id of ['packages.import', 'deployments.status', 'agent.logs', 'system.readyz'])
      expect(ids).toContain(id);
    expect(ids.size).toBe(operations.length);
  });

  it.each(byId)('%s has an input that JSON Schema can say', (_id, { input }) => {
    expect(z.toJSONSchema(input, { io: 'input' })).toMatchObject({ type: 'object' });
  });

  it.each(answers)('%s has an answer that JSON Schema can say', (_id, schema) => {
    const said = JSON.stringify(z.toJSONSchema(schema, { io: 'output' }));
    expect(said).toMatch(/"type":"object"/);
    // zod numbers what refers to itself and has no name.
    expect(said).not.toContain('__schema');
  });

  it('names what several operations share', () => {
    const shared = definitions(z.union(answers.map(([, schema]) => schema)), 'output');
    expect(Object.keys(shared).sort()).toEqual([
      'ArtifactList',
      'Deployment',
      'DeploymentList',
      'Device',
      'DeviceList',
      'Finding',
      'IssuedToken',
      'Json',
      'ListMetadata',
      'OfferMetadata',
      'Package',
      'PackageList',
      'ReportedError',
      'RepositoryList',
      'Resynchronised',
      'Token',
      'TokenList',
      'Upstream',
    ]);
    for (const [name, definition] of Object.entries(shared)) {
      expect(definition, name).toMatchObject({ description: expect.stringMatching(/./) });
    }
    const asked = definitions(z.union(operations.map(({ input }) => input)), 'input');
    expect(Object.keys(asked).sort()).toEqual(['DeploymentRequest', 'DeploymentUpdate', 'Json', 'PackageRequest']);
  });
});

it('a flag is taken as text and as what it is', () => {
  const forced = (force: unknown) => operator.deletePackage.input.safeParse({ id: 'a', force });
  expect([true, false, 'true', 'false', '', '0', '1'].map((force) => forced(force).data?.force)).toEqual([
    true,
    false,
    true,
    false,
    true,
    false,
    true,
  ]);
  expect(forced('yes').success).toBe(false);
});
