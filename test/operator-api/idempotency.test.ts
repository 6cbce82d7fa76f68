import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { expectProblem } from './call.js';
import { startWfm, type Wfm } from './wfm.js';

let wfm: Wfm;
beforeAll(async () => {
  wfm = await startWfm();
});
afterAll(() => wfm[Symbol.asyncDispose]());

const keyed = (key: string) => ({ 'idempotency-key': key });
const deployments = async (): Promise<readonly { readonly id: string }[]> =>
  (await wfm.ask('GET', '/deployments')).json['items'] as { id: string }[];

describe('calls with an Idempotency-Key', () => {
  it('have one effect and one answer, however often and on whichever path they are made', async () => {
    const device = await wfm.ready();
    const body = {
      metadata: { name: 'line-1' },
      spec: { appPackageRef: { id: await wfm.importPackage('1.0.0') }, deviceRef: { id: device.clientId } },
    };
    const make = (path = '/deployments', asked: object = {}) =>
      wfm.ask('POST', path, { body, headers: keyed('order-1'), ...asked });
    const [first, meanwhile] = await Promise.all([make(), make()]);
    const again = await make('/app-deployments');
    expect(first.status).toBe(202);
    for (const reply of [meanwhile, again]) {
      expect({ status: reply.status, json: reply.json }).toEqual({ status: 202, json: first.json });
      expect(reply.headers.get('location')).toBe(first.headers.get('location'));
    }
    expect(await deployments()).toHaveLength(1);
    // Without a body the answer is still the one to the same call.
    const brief = await make('/deployments', { headers: { ...keyed('order-1'), prefer: 'return=minimal' } });
    expect({ status: brief.status, text: brief.text }).toEqual({ status: 202, text: '' });
    expect(brief.headers.get('location')).toBe(first.headers.get('location'));
    // Without the key it is another call; the name is taken.
    expectProblem(await make('/deployments', { headers: {} }), 409);
  });

  it('are refused for another input, and are each caller’s own', async () => {
    const create = (name: string, token = wfm.tokens.admin) =>
      wfm.ask('POST', '/tokens', { body: { name, role: 'viewer' }, headers: keyed('one'), token });
    expect((await create('first')).status).toBe(201);
    expectProblem(await create('second'), 422, /used for another call/);
    const other = await wfm.ask('POST', '/tokens', { body: { name: 'second admin', role: 'admin' } });
    expect((await create('second', String(other.json['token']))).status).toBe(201);
  });

  it('show a secret only once', async () => {
    const create = () => wfm.ask('POST', '/tokens', { body: { name: 'ci', role: 'viewer' }, headers: keyed('ci') });
    const made = await create();
    expect(made.status).toBe(201);
    const again = await create();
    expectProblem(again, 409, /shown only once/);
    expect(again.text).not.toContain(String(made.json['token']));
    const { items } = (await wfm.ask('GET', '/tokens')).json as { items: { name: string }[] };
    expect(items.filter(({ name }) => name === 'ci')).toHaveLength(1);
  });

  it('may be made again after a refusal, which has no effect', async () => {
    const body = { metadata: { name: 'line-2' }, spec: { appPackageRef: { id: 'none' }, deviceRef: { id: 'none' } } };
    const make = () => wfm.ask('POST', '/deployments', { body, headers: keyed('refused') });
    const refused = await make();
    expect(refused.status).toBeGreaterThanOrEqual(400);
    expect((await make()).text).toBe(refused.text);
  });

  it.each(['', 'x'.repeat(256)])('are refused for a key that is none: %j', async (key) => {
    const reply = await wfm.ask('POST', '/tokens', { body: { name: 'no', role: 'viewer' }, headers: keyed(key) });
    expectProblem(reply, 400, /1 to 255 characters/);
  });
});
