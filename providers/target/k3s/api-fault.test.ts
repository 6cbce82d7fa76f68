import { expect, it } from 'vitest';
import { connectionFault, refusal } from './api-fault.js';

const asked = { server: 'https://k3s.test:6443', what: 'GET /api/v1/pods' };
const body = (message: string, reason = 'Forbidden'): string => JSON.stringify({ kind: 'Status', message, reason });

it('tells a missing right as the rule that gives it', () => {
  const said = 'pods is forbidden: User "agent" cannot list resource "pods" in API group "" in the namespace "line"';
  const fault = refusal(403, body(said), asked);
  expect(fault).toMatchObject({ code: 'platform', retry: true, status: 403 });
  expect(fault.message).toBe(
    'agent may not list pods in namespace line (403); give it a Role or ClusterRole with the rule { apiGroups: [""], resources: ["pods"], verbs: ["list"] }',
  );
  const everywhere = 'User "agent" cannot watch resource "nodes" in API group "" at the cluster scope';
  expect(refusal(403, body(everywhere), asked).message).toContain(
    'may not watch nodes in the whole cluster (403); give it a ClusterRole',
  );
});

it('tells other refusals as the API server words them', () => {
  const quota = 'pods "web" is forbidden: exceeded quota: small, requested: pods=1, used: pods=0, limited: pods=0';
  expect(refusal(403, body(quota), asked).message).toContain('exceeded quota: small');
  expect(refusal(401, body('Unauthorized', 'Unauthorized'), asked).message).toContain(
    'expired or wrong; renew the file',
  );
  expect(refusal(502, '<html>bad gateway</html>', asked)).toMatchObject({ retry: true, status: 502 });
});

it.each([
  ['ECONNREFUSED', 'refuses connections; is k3s running?'],
  ['CERT_HAS_EXPIRED', 'has a certificate that has expired'],
  ['constructor', 'does not answer: oh'],
])('words %s', (code, words) => {
  const fault = connectionFault(asked.server, Object.assign(new Error('oh'), { code }));
  expect(fault).toMatchObject({ code: 'platform', retry: true });
  expect(fault.message).toContain(`the Kubernetes API at https://k3s.test:6443 ${words}`);
});
