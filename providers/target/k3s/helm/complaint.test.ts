import { expect, it } from 'vitest';
import { complaint, complaintFault } from './complaint.js';

it.for<[string, string, boolean]>([
  [
    'Error: UPGRADE FAILED: release web failed, and has been rolled back due to atomic being set: context deadline exceeded',
    'timeout',
    true,
  ],
  ['Error: failed to perform "FetchReference" on source: 127.0.0.1:5000/charts/web:9.9.9: not found', 'artifact', true],
  [
    'Error: GET "https://127.0.0.1:5000/v2/charts/web/tags/list": response status code 401: unauthorized: authentication required',
    'artifact',
    true,
  ],
  [
    'Error: failed to do request: Head "https://r/v2/": tls: failed to verify certificate: x509: certificate signed by unknown authority',
    'artifact',
    true,
  ],
  [
    "Error: values don't meet the specifications of the schema(s) in the following chart(s):\nweb:\n- replicas: Invalid type",
    'invalid',
    false,
  ],
  ['Error: execution error at (web/templates/a.yaml:1:4): image is required', 'invalid', false],
  [
    'Error: Kubernetes cluster unreachable: Get "https://127.0.0.1:6443/version": dial tcp: connect: connection refused',
    'platform',
    true,
  ],
  [
    'Error: INSTALLATION FAILED: deployments.apps is forbidden: User "agent" cannot create resource "deployments"',
    'platform',
    true,
  ],
  ['Error: UPGRADE FAILED: cannot patch "web" with kind Service: Service "web" is invalid', 'start', true],
  ['', 'start', true],
])('reads %j as %s', ([output, code, retry]) => {
  expect(complaintFault(output, 'helm failed')).toMatchObject({ code, retry });
});

it('tells the error, and not what helm warns of', () => {
  const output = [
    'WARNING: Kubernetes configuration file is group-readable. This is insecure. Location: /k',
    'I0101 10:00:00.000000       1 request.go:655] Throttling request',
    'Pulled: 127.0.0.1:5000/charts/web:1.0.0',
    'Error: UPGRADE FAILED: something',
    'happened',
  ].join('\n');
  expect(complaint(output)).toBe('UPGRADE FAILED: something; happened');
  expect(complaint('WARNING: nothing')).toBe('it ended without a word');
});
