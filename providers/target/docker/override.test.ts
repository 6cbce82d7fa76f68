import { expect, it } from 'vitest';
import { environmentFile, overrideFile } from './override.js';

const component = {
  name: 'monitor',
  repository: 'oci://r.example/monitor',
  revision: '1.0.0',
  wait: true,
  timeout: 1_000,
  properties: {},
  parameters: { PRICE: '5$', RATE: 30, ON: true, LIST: ['a', 1] },
};
const application = { id: 'id-1', name: 'Line $1' };

it('labels every service and gives it the parameters as environment', () => {
  const { services } = overrideFile(
    application,
    component,
    'f00',
    [{ name: 'web' }, { name: 'db' }],
    {},
    { owner: 'me' },
  );
  expect(Object.keys(services)).toEqual(['web', 'db']);
  expect(services['web']).toEqual({
    labels: {
      'dev.tutti.owner': 'me',
      'dev.tutti.application': 'id-1',
      'dev.tutti.application-name': 'Line $$1',
      'dev.tutti.component': 'monitor',
      'dev.tutti.applied': 'f00',
      'dev.tutti.services': 'db,web',
    },
    environment: { PRICE: '5$$', RATE: '30', ON: 'true', LIST: '["a",1]' },
  });
});

it('tells of the collector by the names of Margo and of OpenTelemetry, and lets a parameter win', () => {
  const otlp = { http: 'http://c:4318', grpc: 'http://c:4317', certificate: '/ca.pem', protocol: 'grpc' as const };
  const named = { ...component, parameters: { OTEL_EXPORTER_OTLP_PROTOCOL: 'mine' } };
  const { services } = overrideFile(application, named, 'f00', [{ name: 'web' }], {}, { owner: 'me', otlp });
  expect(services['web']?.environment).toEqual({
    HTTP_OTEL_EXPORTER_OTLP_ENDPOINT: 'http://c:4318',
    GRPC_OTEL_EXPORTER_OTLP_ENDPOINT: 'http://c:4317',
    OTEL_EXPORTER_OTLP_CERTIFICATE: '/ca.pem',
    OTEL_EXPORTER_OTLP_PROTOCOL: 'mine',
    OTEL_EXPORTER_OTLP_ENDPOINT: 'http://c:4317',
  });
});

it('has Compose use the very images that were found, and never pull others', () => {
  const pinned = [{ name: 'web', image: 'r.example/box:1' }, { name: 'built' }];
  const images = { 'r.example/box:1': { pin: 'r.example/box@sha256:aa' } };
  const { services } = overrideFile(application, component, 'f00', pinned, images, { owner: 'me' });
  expect(services['web']).toMatchObject({ image: 'r.example/box@sha256:aa', pull_policy: 'never' });
  expect(services['built']).not.toHaveProperty('image');
});

it('writes values for interpolation so that nothing in them is expanded', () => {
  const parameters = { A: 'plain $HOME "x" #y', B: "it's $5", C: 'two\nlines', 'not.a.name': 'x' };
  expect(environmentFile(parameters)).toBe(
    ['A=\'plain $HOME "x" #y\'', 'B="it\'s \\$5"', 'C="two\\nlines"', ''].join('\n'),
  );
});
