import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { capabilitiesDocument, readCapabilities } from './capabilities.js';

const sample = (name: string) => JSON.parse(readFileSync(new URL(`testdata/${name}.json`, import.meta.url), 'utf8'));
const properties = { id: 'e', vendor: 'v', modelNumber: 'm', serialNumber: 's' };
const resources = { cpu: { cores: 1 }, memory: '1Gi', storage: '1Gi' };
const fields = (document: unknown) => {
  const reading = readCapabilities(document);
  return reading.outcome === 'ok' ? [] : reading.faults.map(({ field, message }) => `${field}: ${message}`);
};

describe('readCapabilities', () => {
  it('reads the form of PR1', () => {
    expect(readCapabilities(sample('d1'))).toMatchObject({
      outcome: 'ok',
      form: 'D1',
      capabilities: {
        id: 'edge-01',
        cpus: [{ cores: 24, architecture: 'x86_64' }],
        memory: '59 Gi',
        peripherals: [{ type: 'gpu', manufacturer: 'NVIDIA' }],
        runtimes: ['oci'],
        deploymentTypes: ['helm'],
        roles: ['Standalone Cluster', 'Cluster Leader'],
        labels: {},
        properties: { cpus: [{ cores: 24 }], storage: '1862 Gi', interfaces: [{ type: 'ethernet' }] },
        raw: sample('d1'),
      },
    });
  });

  it('reads the forms of rc.2', () => {
    expect(readCapabilities(sample('d2-early'))).toMatchObject({
      outcome: 'ok',
      form: 'D2',
      capabilities: { cpus: [{ cores: 4, architecture: 'arm64' }], deploymentTypes: ['helm'], peripherals: [] },
    });
    expect(readCapabilities(sample('d3'))).toMatchObject({
      outcome: 'ok',
      form: 'D2',
      capabilities: { labels: { 'acme.test/line': 7, 'acme.test/os': ['linux'] }, otelCollector: true },
    });
    expect(readCapabilities({ properties })).toMatchObject({ outcome: 'ok', capabilities: { deploymentTypes: [] } });
  });

  it.each([[null], ['x'], [[]], [7], [undefined]])('cannot read %j', (document) => {
    expect(readCapabilities(document).outcome).toBe('unreadable');
  });

  it.each([
    [{}, 'properties: is missing'],
    [{ properties: 7 }, 'properties: must be an object, not 7'],
    [{ kind: 'Other', properties }, 'kind: must be DeviceCapabilitiesManifest'],
    [{ properties: { ...properties, id: undefined } }, 'properties.id: is missing'],
    [{ properties: { ...properties, vendor: '' } }, 'properties.vendor: must not be empty'],
    [{ properties: { ...properties, id: '../x y' } }, 'properties.id: must be letters'],
    [{ properties: { ...properties, memory: 'lots' } }, 'properties.memory: must be a quantity'],
    [{ properties: { ...properties, cpus: [{ cores: '4' }] } }, 'properties.cpus.0.cores: Invalid input'],
    [{ properties: { ...properties, cpu: [{ cores: 0 }] } }, 'properties.cpu.0.cores: Too small'],
    [{ properties: { ...properties, cpus: [{ cores: 1, architecture: 'z80' }] } }, 'properties.cpus.0.architecture: '],
    [{ properties: { ...properties, interfaces: [{ type: 'smoke' }] } }, 'properties.interfaces.0.type: '],
    [{ properties: { ...properties, peripherals: [{ type: 'toaster' }] } }, 'properties.peripherals.0.type: '],
    [{ properties: { ...properties, supportedRuntimes: ['jvm'] } }, 'properties.supportedRuntimes.0: '],
    [{ properties: { ...properties, supportedDeploymentTypes: ['snap'] } }, 'properties.supportedDeploymentTypes.0: '],
    [{ properties: { ...properties, supportedRuntimes: [] } }, 'properties.supportedRuntimes: '],
    [{ properties: { ...properties, roles: ['King'], resources } }, 'properties.roles.0: '],
    [{ properties: { ...properties, roles: ['Gateway'] } }, 'properties.resources.cpu: is missing'],
    [{ properties: { ...properties, resources } }, 'properties.roles: is missing'],
    [
      { properties: { ...properties, roles: ['Gateway'], resources: { ...resources, cpu: { cores: 'x' } } } },
      'properties.resources.cpu.cores: ',
    ],
    [{ properties, labels: { a: { b: 1 } } }, 'labels.a: must be text'],
    [{ properties, labels: { a: [1, 'b'] } }, 'labels.a: must be text'],
  ])('refuses %j', (document, fault) => {
    expect(readCapabilities(document).outcome).toBe('invalid');
    expect(fields(document).join('\n')).toContain(fault);
  });

  it('takes unknown types for custom when told so', () => {
    const document = { properties: { ...properties, supportedRuntimes: ['jvm'], supportedDeploymentTypes: ['snap'] } };
    expect(readCapabilities(document, { unknownValues: 'custom' })).toMatchObject({
      capabilities: { runtimes: ['custom'], deploymentTypes: ['custom'] },
    });
  });

  it('never throws', () => {
    fc.assert(fc.property(fc.jsonValue(), (value) => void readCapabilities({ properties: value, labels: value })));
    fc.assert(
      fc.property(fc.jsonValue(), (value) => void readCapabilities({ properties: { resources: value, cpu: value } })),
    );
  });
});

describe('capabilitiesDocument', () => {
  const device = {
    ...properties,
    cpus: [{ cores: 4, architecture: 'amd64' }],
    memory: '4Gi',
    storage: '8Gi',
    runtimes: ['custom'],
    deploymentTypes: ['custom'],
    labels: { line: 7 },
  };
  it.each(['D1', 'D2'] as const)('is readable in form %s', (form) => {
    const document = capabilitiesDocument(device, form);
    expect(JSON.parse(JSON.stringify(document))).toEqual(document);
    const reading = readCapabilities(document);
    expect(reading).toMatchObject({ outcome: 'ok', form, capabilities: { cpus: device.cpus, memory: '4Gi' } });
    expect(reading.outcome === 'ok' && reading.capabilities.deploymentTypes).toEqual(
      form === 'D1' ? ['compose'] : ['custom'],
    );
  });
});
