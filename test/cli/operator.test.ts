import { Readable, Writable } from 'node:stream';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { asCommandFailure } from '../../cli/client/faults.js';
import { find, list, type Operator, waitForDeployment } from '../../cli/client/index.js';
import { operatorOver } from '../../cli/client/operator.js';
import { exitCodes } from '../../cli/exit-codes.js';
import { deployments, devices, packages } from '../../cli/resources/index.js';
import { createTerminal } from '../../cli/terminal.js';
import { mayRepeat, memoryTransport } from '../../core/client/index.js';
import type { Surface } from '../../core/operation/index.js';
import { defineBinding } from '../../core/plugin/index.js';
import { type Answer, type OutgoingCall, type Transport, TransportFault } from '../../core/ports/transport.js';
import type { Device } from '../device-api/device.js';
import { startWfm, type Wfm } from '../operator-api/wfm.js';

// What the command line does with a real operator API, on the shortest way there is.

const serving: { surface?: Surface } = {};
const inMemory = defineBinding({
  type: 'binding.memory',
  version: '1.0.0',
  create: ({ surface }) => {
    serving.surface = surface;
    return { addresses: () => [] };
  },
});

let wfm: Wfm;
let transport: Transport;
let device: Device;
let packageIds: readonly string[];
const { signal } = new AbortController();

beforeAll(async () => {
  wfm = await startWfm({ more: { definitions: [inMemory], bindings: '  memory: { type: binding.memory }' } });
  if (serving.surface === undefined) throw new Error('no binding was made');
  transport = memoryTransport(serving.surface);
  packageIds = [await wfm.importPackage('1.0.0'), await wfm.importPackage('1.1.0'), await wfm.importPackage('1.2.0')];
  device = await wfm.ready();
});
afterAll(() => wfm[Symbol.asyncDispose]());

function operator(over: Partial<Transport> = {}, token: string = wfm.tokens.admin): Operator {
  return operatorOver({ ...transport, ...over }, { prefix: '/nbi/v1', token }, signal);
}

async function all<T>(items: AsyncIterable<T>): Promise<T[]> {
  const found: T[] = [];
  for await (const item of items) found.push(item);
  return found;
}

describe('list', () => {
  it('goes through all pages', async () => {
    const asked: (string | undefined)[] = [];
    const call = (one: OutgoingCall): Promise<Answer> => {
      asked.push(one.input['continue'] as string | undefined);
      return transport.call(one);
    };
    const found = await all(list(operator({ call }), packages, {}, 2));
    expect(found.map(({ id }) => id).toSorted()).toEqual(packageIds.toSorted());
    expect(asked).toEqual([undefined, expect.stringMatching(/./)]);
  });
});

describe('find', () => {
  it('takes a whole id, the beginning of one, or a name', async () => {
    const [first = ''] = packageIds;
    expect((await find(operator(), packages, first)).id).toBe(first);
    expect((await find(operator(), packages, first.slice(0, 13))).id).toBe(first);
    const found = await find(operator(), devices, 'press-7', { appPackageId: first });
    expect(found).toMatchObject({ id: device.clientId, eligible: 'true' });
  });

  it('says what a word can mean, and what there is not', async () => {
    await expect(find(operator(), packages, 'line')).rejects.toMatchObject({
      exitCode: exitCodes.invalid,
      message: expect.stringContaining('"line" can mean 3 packages'),
    });
    await expect(find(operator(), deployments, 'nothing')).rejects.toMatchObject({ exitCode: exitCodes.notFound });
  });
});

describe('an answer that is lost', () => {
  /** Carries a call out, and hears nothing of the end of the first attempt. */
  const forgetful = (): Partial<Transport> => ({
    call: async (call) => {
      await transport.call(call);
      if (mayRepeat(call)) return transport.call(call);
      throw new TransportFault('unreachable', 'the connection broke');
    },
  });

  it('doubles nothing: what is made twice is made once', async () => {
    const [packageId = ''] = packageIds;
    const document = {
      metadata: { name: 'lost' },
      spec: { appPackageRef: { id: packageId }, deviceRef: { id: device.clientId } },
    };
    const { id } = await operator(forgetful()).createDeployment({ document });
    expect((await all(list(operator(), deployments, { name: 'lost' }))).map((item) => item.id)).toEqual([id]);
    // Another intent is another deployment, which there is no room for.
    await expect(operator(forgetful()).createDeployment({ document })).rejects.toMatchObject({
      kind: { status: 409 },
    });
  });
});

describe('waitForDeployment', () => {
  const nowhere = new Writable({ write: (_chunk, _encoding, done) => done() });
  const terminal = createTerminal({ env: {}, signal, stdin: Readable.from([]), stdout: nowhere, stderr: nowhere });

  it('takes up a stream that broke', async () => {
    const id = await wfm.deploy(packageIds[0] ?? '', device);
    const deployment = await operator().getDeployment({ id });
    let streams = 0;
    const broken = async (call: OutgoingCall): Promise<Answer> => {
      const answer = await transport.call(call);
      if (answer.kind !== 'stream') return answer;
      streams += 1;
      return streams > 1 ? answer : { kind: 'stream', items: firstOf(answer.items) };
    };
    async function* firstOf<T>(items: AsyncIterable<T>): AsyncGenerator<T> {
      for await (const item of items) {
        yield item;
        await device.status(id, 'installed');
        throw new TransportFault('unreachable', 'the connection broke');
      }
    }
    const waiting = { client: operator({ call: broken }), terminal, timeout: 30_000 };
    expect((await waitForDeployment(waiting, deployment, 'INSTALLED')).status.state).toBe('INSTALLED');
    expect(streams).toBe(2);
  });

  it('does not wait for a change that could not be asked for', async () => {
    const id = await wfm.deploy(packageIds[0] ?? '', device);
    const deployment = await operator().getDeployment({ id });
    const begin = (): Promise<never> => Promise.reject(new TransportFault('unreachable', 'the connection broke'));
    const waiting = { client: operator(), terminal, timeout: 30_000 };
    await expect(waitForDeployment(waiting, deployment, 'REMOVED', begin)).rejects.toThrow('the connection broke');
  });
});

describe('what the host says no with', () => {
  const connection = {
    base: 'https://localhost:8443/nbi/v1',
    url: 'https://localhost:8443',
    caFile: undefined,
    tokenFrom: 'TUTTI_TOKEN',
  };
  const failure = async (work: Promise<unknown>): Promise<unknown> =>
    asCommandFailure(await work.then(Object, (error: unknown) => error), connection);

  it('has an exit code and an advice', async () => {
    const none = '00000000-0000-0000-0000-000000000000';
    expect(await failure(operator({}, 'nonsense').listPackages({}))).toMatchObject({
      exitCode: exitCodes.denied,
      advice: 'the token comes from TUTTI_TOKEN; is it the one of this host?',
    });
    expect(await failure(operator({}, wfm.tokens.viewer).deletePackage({ id: none }))).toMatchObject({
      exitCode: exitCodes.denied,
      advice: 'the token comes from TUTTI_TOKEN; use one with a higher role',
    });
    expect(await failure(operator().getPackage({ id: none }))).toMatchObject({ exitCode: exitCodes.notFound });
    expect(await failure(operator().listPackages({ limit: 0 }))).toMatchObject({ exitCode: exitCodes.invalid });
    const [packageId = ''] = packageIds;
    expect(await failure(operator().deletePackage({ id: packageId }))).toMatchObject({
      exitCode: exitCodes.failed,
      message: expect.stringContaining('is used by'),
    });
  });
});
