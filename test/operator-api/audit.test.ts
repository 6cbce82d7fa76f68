import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Device } from '../device-api/device.js';
import type { Reply } from './call.js';
import { type LogLine, startWfm, type Wfm } from './wfm.js';

let wfm: Wfm;
let device: Device;
beforeAll(async () => {
  wfm = await startWfm();
  device = await wfm.ready();
});
afterAll(() => wfm[Symbol.asyncDispose]());

const actorOf = (token: string): string => `token:${/^tutti_([0-9a-f]{16})_/.exec(token)?.[1]}`;

/** The audit lines that a call leaves. */
async function auditOf(work: () => Promise<Reply>): Promise<{ reply: Reply; lines: LogLine[] }> {
  const before = wfm.lines().length;
  const reply = await work();
  const lines = wfm
    .lines()
    .slice(before)
    .filter(({ audit }) => audit === true);
  return { reply, lines };
}

describe('every changing call', () => {
  it('leaves one line: who, what, on what, how it ended', async () => {
    const { operator, admin } = wfm.tokens;
    const own = (path: string): string => `/devices/${device.clientId}${path}`;
    const body = (spec: object) => ({ metadata: { name: 'line' }, spec });
    const { spec } = wfm.packageRequest('1.0.0');
    const packageId = await wfm.importPackage('1.1.0');
    const deploymentId = await wfm.deploy(packageId, device, 'line-a');
    const whole = {
      metadata: { name: 'line-a' },
      spec: { appPackageRef: { id: packageId }, deviceRef: { id: device.clientId } },
    };
    const deviceRef = { id: device.clientId };
    /** What is called, and which action on which object it is; by default on what the reply is about. */
    const calls: [string, string, string, unknown?, string?][] = [
      [operator, 'packages.import', 'POST /packages', body(spec)],
      [operator, 'deployments.create', 'POST /deployments', body({ appPackageRef: { id: packageId }, deviceRef })],
      [operator, 'deployments.update', `PATCH /deployments/${deploymentId}`, { spec: {} }, deploymentId],
      [operator, 'deployments.replace', `PUT /deployments/${deploymentId}`, whole, deploymentId],
      [operator, 'deployments.delete', `DELETE /app-deployments/${deploymentId}?force`, undefined, deploymentId],
      [operator, 'packages.delete', `DELETE /packages/${packageId}?force=1`, undefined, packageId],
      [operator, 'devices.approve', `POST ${own('/approve')}`, undefined, device.clientId],
      [operator, 'devices.set', `PATCH ${own('')}`, { form: 'D1' }, device.clientId],
      [operator, 'devices.resynchronise', `POST ${own('/resynchronise')}`, undefined, device.clientId],
      [operator, 'devices.revoke', `POST ${own('/revoke')}`, undefined, device.clientId],
      [admin, 'devices.delete', `DELETE ${own('')}`, undefined, device.clientId],
      [admin, 'tokens.create', 'POST /tokens', { name: 'ci', role: 'viewer' }],
    ];
    for (const [token, action, line, sent, object] of calls) {
      const [method = '', path = ''] = line.split(' ');
      const { reply, lines } = await auditOf(() => wfm.ask(method, path, { token, body: sent }));
      expect(reply.status, `${line}: ${reply.text}`).toBeLessThan(300);
      expect(lines).toEqual([
        expect.objectContaining({
          level: 'info',
          message: 'audit',
          actor: actorOf(token),
          action,
          object: object ?? reply.json['id'],
          outcome: 'done',
          correlationId: expect.any(String),
        }),
      ]);
    }
    const { json } = await wfm.ask('GET', '/tokens');
    const ci = (json['items'] as { id: string; name: string }[]).find(({ name }) => name === 'ci')?.id ?? '';
    const { lines } = await auditOf(() => wfm.ask('DELETE', `/tokens/${ci}`));
    expect(lines).toEqual([expect.objectContaining({ action: 'tokens.revoke', object: ci, outcome: 'done' })]);
  });

  it('that is refused leaves one too, with the reason', async () => {
    const { tokens } = wfm;
    const create = { metadata: { name: 'line-x' }, spec: { appPackageRef: { id: 'none' }, deviceRef: { id: 'none' } } };
    const refused: [string, string, string, unknown, string, RegExp][] = [
      [tokens.operator, 'DELETE', '/packages/none', undefined, 'none', /no package none/],
      [tokens.operator, 'POST', '/deployments', create, 'line-x', /no package none/],
      [tokens.viewer, 'POST', '/deployments', create, 'line-x', /needs the role operator/],
      [tokens.viewer, 'DELETE', '/deployments/none', undefined, 'none', /needs the role operator/],
      [tokens.operator, 'POST', '/tokens', { name: 'mine', role: 'admin' }, 'mine', /needs the role admin/],
    ];
    for (const [token, method, path, sent, object, why] of refused) {
      const { reply, lines } = await auditOf(() => wfm.ask(method, path, { token, body: sent }));
      expect(reply.status).toBeGreaterThanOrEqual(400);
      expect(lines).toEqual([
        expect.objectContaining({ actor: actorOf(token), object, outcome: expect.stringMatching(/^refused: /) }),
      ]);
      expect(lines[0]?.['outcome']).toMatch(why);
    }
  });

  it('and no other: reading leaves none', async () => {
    for (const path of ['/packages', '/deployments', '/devices', '/tokens', '/packages/none', '/tokens/none']) {
      expect((await auditOf(() => wfm.ask('GET', path))).lines).toEqual([]);
    }
  });
});

it('never writes a secret, wherever it comes along', async () => {
  const secret = 'hunter2-hunter2';
  const request = wfm.packageRequest('9.0.0');
  const spec = (change: object) => ({ ...request, spec: { source: { ...request.spec.source, ...change } } });
  const basic = { type: 'basic', username: 'plant', password: secret };
  const answers = [
    await wfm.ask('POST', '/packages', { body: spec({ authentication: basic }) }),
    await wfm.ask('POST', '/packages', {
      body: spec({ tag: 'none', authentication: { type: 'token', token: secret } }),
    }),
    await wfm.ask('POST', '/packages', { body: spec({ authentication: { ...basic, more: secret } }) }),
    await wfm.ask('POST', '/packages', { body: spec({ registryUrl: `https://plant:${secret}@registry.example` }) }),
    await wfm.ask('POST', '/packages', {
      body: spec({ registryUrl: 'https://registry.example', authentication: basic }),
    }),
    await wfm.ask('GET', '/packages', { headers: { authorization: `Basic ${btoa(`plant:${secret}`)}` } }),
    await wfm.ask('GET', '/packages', { token: secret }),
    await wfm.ask('POST', '/packages', { body: `{"password":"${secret}"` }),
  ];
  for (const { json } of answers) if (json['kind'] === 'ApplicationPackage') await wfm.imported(String(json['id']));
  const { json: made } = await wfm.ask('POST', '/tokens', { body: { name: 'ci', role: 'viewer' } });
  await wfm.ask('GET', '/packages', { token: String(made['token']) });
  const listed = await wfm.ask('GET', '/packages');
  const all = `${wfm.host.log()}${listed.text}${answers.map(({ text }) => text).join('')}`;
  for (const value of [secret, btoa(`plant:${secret}`), String(made['token']), ...Object.values(wfm.tokens)]) {
    expect(all).not.toContain(value);
    expect(all).not.toContain(value.slice(-43));
  }
});
