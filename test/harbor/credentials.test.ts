import { afterEach, beforeEach, expect, it } from 'vitest';
import type { CredentialIssuer } from '../../core/plugin/index.js';
import { type TestContext, testContext } from '../../core/testing/index.js';
import credentialsHarbor from '../../providers/credentials/harbor/index.js';
import { TestClock } from '../registry/client.js';
import { HarborStandIn } from './stand-in.js';

let harbor: HarborStandIn;
let context: TestContext<CredentialIssuer>;
let issuer: CredentialIssuer;

beforeEach(async () => {
  harbor = await HarborStandIn.start();
  harbor.rooms.addProject('apps');
  const config = { url: harbor.url, ...harbor.rooms.admin, project: 'apps', prefix: 'plant-a' };
  context = await testContext<CredentialIssuer>(credentialsHarbor, { config, clock: new TestClock() });
  issuer = context.instance;
});
afterEach(async () => {
  await context.dispose();
  await harbor.stop();
  expect(harbor.violations).toEqual([]);
});
const robots = () => [...harbor.rooms.robots.values()].map(({ name }) => name);

it('makes an account for each holder, which no other one shares, and ends it', async () => {
  const [one] = await issuer.issue('press-7');
  const [other] = await issuer.issue('press-8');
  expect(robots()).toEqual(['robot$apps+plant-a-press-7', 'robot$apps+plant-a-press-8']);
  expect(one).toEqual({
    registry: harbor.host,
    username: 'robot$apps+plant-a-press-7',
    password: harbor.rooms.secrets[0],
    expiresAt: expect.any(Number),
  });
  expect(other?.password).toBe(harbor.rooms.secrets[1]);
  for (let time = 0; time < 2; time++) await issuer.revoke('press-7');
  expect(robots()).toEqual(['robot$apps+plant-a-press-8']);
});

it('leaves the accounts of others alone', async () => {
  harbor.rooms.addRobot('apps', 'press-7', ['pull', 'push'], -1);
  harbor.rooms.addRobot('apps', 'plant-b-press-7', ['pull'], 30);
  await issuer.issue('press-7');
  await issuer.revoke('press-7');
  expect(robots()).toEqual(['robot$apps+press-7', 'robot$apps+plant-b-press-7']);
});

it.each([
  [401, 'denied'],
  [403, 'denied'],
  [404, 'invalid'],
  [500, 'unreachable'],
])('says of a Harbor that answers %s that it is %s, without any password', async (status, reason) => {
  const { password } = harbor.rooms.admin;
  harbor.meddle = (_, response) => {
    response.writeHead(status).end(JSON.stringify({ errors: [{ code: 'NO', message: password }] }));
    return true;
  };
  for (const asked of [issuer.issue('press-7'), issuer.revoke('press-7')]) {
    await expect(asked).rejects.toMatchObject({
      name: 'CredentialFault',
      reason,
      message: expect.not.stringContaining(password),
    });
  }
});

it.each(['', 'Press-7', 'a/b', 'a--b', '-a', 'x'.repeat(101)])('asks for no account of %j', async (holder) => {
  await expect(issuer.issue(holder)).rejects.toMatchObject({ reason: 'invalid' });
  await expect(issuer.revoke(holder)).rejects.toMatchObject({ reason: 'invalid' });
  expect(harbor.requests).toEqual([]);
});
