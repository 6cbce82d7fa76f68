import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { DeploymentState } from '../../../core/ports/index.js';
import { overallState, readStatus, statusDocument } from './status.js';

const good = { deploymentId: 'd', status: { state: 'installed' }, components: [{ name: 'web', state: 'installed' }] };
const states: DeploymentState[] = ['pending', 'installing', 'installed', 'failed', 'removing', 'removed'];

describe('readStatus', () => {
  it('reads the present form', () => {
    const document = {
      ...good,
      deviceId: 'gw/a',
      adoptedManifestVersion: 3,
      status: { state: 'failed', error: { code: '101', source: 'gw', message: 'unknown child' } },
    };
    expect(readStatus(document, 'd')).toEqual({
      outcome: 'ok',
      report: {
        deploymentId: 'd',
        state: 'failed',
        error: { code: '101', source: 'gw', message: 'unknown child' },
        components: [{ name: 'web', state: 'installed' }],
      },
      deviceId: 'gw/a',
      adoptedManifestVersion: 3,
    });
  });

  it('reads what others write', () => {
    const document = {
      apiVersion: 'deployment.margo.org/v1alpha1',
      kind: 'DeploymentStatusManifest',
      more: 1,
      deploymentId: 'd',
      status: { state: 'INSTALLED', error: { code: '', source: '', message: '' } },
      components: [{ name: 'web', state: 'Failed', error: { code: 'E1', message: 'no image' } }],
    };
    expect(readStatus(document)).toMatchObject({
      report: {
        state: 'installed',
        components: [{ name: 'web', state: 'failed', error: { code: 'E1', source: '', message: 'no image' } }],
      },
    });
    const empty = readStatus(document);
    expect(empty.outcome === 'ok' && 'error' in empty.report).toBe(false);
    expect(readStatus({ deploymentId: 'd', status: { state: 'pending', error: null } })).toEqual({
      outcome: 'ok',
      report: { deploymentId: 'd', state: 'pending', components: [] },
    });
  });

  it.each([[null], ['x'], [[]], [7], [undefined]])('cannot read %j', (document) => {
    expect(readStatus(document).outcome).toBe('unreadable');
  });

  it.each([
    [{ ...good, deploymentId: undefined }, 'deploymentId', 'is missing'],
    [{ ...good, deploymentId: 'other' }, 'deploymentId', 'must be d, as the address says'],
    [{ ...good, deploymentId: 7 }, 'deploymentId', 'Invalid input: expected string, received number'],
    [{ ...good, kind: 'X' }, 'kind', 'must be DeploymentStatusManifest'],
    [{ ...good, status: undefined }, 'status', 'is missing'],
    [{ ...good, status: { state: 'fine' } }, 'status.state', 'must be one of failed'],
    [{ ...good, status: {} }, 'status.state', 'must be one of failed'],
    [{ ...good, status: { state: 'failed', error: 'x' } }, 'status.error', 'expected object'],
    [{ ...good, components: {} }, 'components', 'expected array'],
    [{ ...good, components: [{ name: 'a' }] }, 'components.0.state', 'must be one of failed'],
    [
      { ...good, components: [...good.components, ...good.components] },
      'components.1.name',
      'is reported twice: "web"',
    ],
    [{ ...good, adoptedManifestVersion: 0 }, 'adoptedManifestVersion', 'Too small'],
    [{ ...good, adoptedManifestVersion: 2 ** 60 }, 'adoptedManifestVersion', 'Too big'],
  ])('refuses %j', (document, field, message) => {
    const reading = readStatus(document, 'd');
    expect(reading).toMatchObject({ outcome: 'invalid', faults: [{ field }] });
    expect(reading.outcome === 'invalid' && reading.faults[0]?.message).toContain(message);
  });
});

it('overallState is the most severe, whatever the order', () => {
  expect(overallState([])).toBe('pending');
  expect(overallState(['installed', 'removed', 'pending'])).toBe('pending');
  expect(overallState(['installed', 'removed'])).toBe('removed');
  expect(overallState(['pending', 'installing', 'removing'])).toBe('removing');
  expect(overallState(['removing', 'failed'])).toBe('failed');
  fc.assert(
    fc.property(fc.array(fc.constantFrom(...states), { minLength: 1 }), (list) => {
      expect(list).toContain(overallState(list));
      expect(overallState(list.toReversed())).toBe(overallState(list));
      expect(overallState([...list, 'failed'])).toBe('failed');
    }),
  );
});

it('what an agent writes comes back', () => {
  const error = fc.record({ code: fc.string({ minLength: 1 }), source: fc.string(), message: fc.string() });
  const reached = { state: fc.constantFrom(...states), error };
  const report = fc.record({
    deploymentId: fc.string({ minLength: 1, maxLength: 50 }),
    ...reached,
    components: fc.uniqueArray(fc.record({ name: fc.string({ minLength: 1 }), ...reached }), {
      selector: ({ name }) => name,
    }),
  });
  fc.assert(
    fc.property(report, (sent) => {
      expect(readStatus(JSON.parse(JSON.stringify(statusDocument(sent))))).toEqual({ outcome: 'ok', report: sent });
    }),
  );
});
