import type { ApplicationDescription, DeviceCapabilities } from '../../managers/margo/index.js';

export function capabilities(id: string): DeviceCapabilities {
  return {
    id,
    vendor: 'Acme',
    modelNumber: 'M1',
    serialNumber: id,
    cpus: [{ cores: 4, architecture: 'amd64' }],
    memory: '4Gi',
    storage: '10Gi',
    peripherals: [],
    interfaces: [],
    runtimes: ['oci'],
    deploymentTypes: ['compose'],
    labels: {},
    properties: {},
    raw: {},
  };
}

/** An application with one compose component and one parameter. */
export function description(): ApplicationDescription {
  return {
    id: 'com-acme-pump',
    name: 'Pump',
    version: '1.0.0',
    catalog: { application: { tags: [] }, author: [], organization: [] },
    profiles: [
      {
        id: 'compose',
        type: 'compose',
        components: [
          {
            name: 'main',
            properties: { repository: 'oci://registry.test/apps/main', revision: '1.0.0' },
            extensions: {},
          },
        ],
        extensions: {},
      },
    ],
    parameters: { greeting: { value: 'hello', targets: [{ pointer: 'GREETING', components: ['main'] }] } },
    configuration: {
      sections: [
        {
          name: 'General',
          settings: [{ parameter: 'greeting', name: 'Greeting', immutable: false, schema: 'text' }],
        },
      ],
      schemas: [{ name: 'text', dataType: 'string', allowEmpty: false, maxLength: 20 }],
    },
    form: 'D3',
  };
}
