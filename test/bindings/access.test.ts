import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { signedBy } from '../../core/client/index.js';
import { SigningKey } from '../../core/identity/index.js';
import { bearer, type Credentials, httpForm, nobody, type Operation, type Problem } from '../../core/plugin/index.js';
import * as deviceOperations from '../../vendors/device-signed/operations.js';
import * as operatorOperations from '../../vendors/operator/operations.js';
import * as systemVendor from '../../vendors/system/index.js';
import { type Door, type House, openHouse, type Tenant } from './house.js';
import { sendRaw } from './raw.js';

interface Offered {
  readonly operation: Operation;
  readonly prefix: string;
}

const isOperation = (value: unknown): value is Operation =>
  typeof value === 'object' && value !== null && 'http' in value && 'access' in value;
const of = (module: object, prefix: string): Offered[] =>
  Object.values(module)
    .flat()
    .map((value: unknown) =>
      typeof value === 'object' && value !== null && 'operation' in value ? value.operation : value,
    )
    .filter(isOperation)
    .map((operation) => ({ operation, prefix }));

const offered = [...of(deviceOperations, '/api/v1'), ...of(operatorOperations, '/nbi/v1'), ...of(systemVendor, '')];
const forKind = (kind: 'user' | 'device'): Offered[] =>
  offered.filter(({ operation }) => operation.access.kinds.includes(kind));
/** What a signed request needs of a body is for those that have one. */
const withBody = (some: readonly Offered[]): Offered[] =>
  some.filter(({ operation: { http, id } }) => http.body !== undefined || id === 'tokens.create');
const byId = (some: readonly Offered[]): [string, Offered][] => some.map((each) => [each.operation.id, each]);

let house: House;
let own: Tenant;
let other: Tenant;
beforeAll(async () => {
  house = await openHouse();
  own = await house.tenant('press-7');
  other = await house.tenant('press-8');
});
afterAll(() => house?.[Symbol.asyncDispose]());

/** An input with all that the operation needs, and a body where it has one. */
function inputFor({ http, id }: Operation, clientId = own.clientId): Record<string, unknown> {
  const named: Record<string, unknown> = {
    clientId,
    deploymentId: 'no-deployment',
    deviceId: 'no-device',
    id: '00000000-0000-4000-8000-000000000000',
    digest: `sha256:${'0'.repeat(64)}`,
  };
  const names = [...http.path.matchAll(/\{([^}+]+)\+?\}/g)].map(([, name]) => name ?? '');
  const input = Object.fromEntries(names.map((name) => [name, named[name]]));
  if (http.body !== undefined) input[http.body] = {};
  if (id === 'tokens.create') return { ...input, name: 'x', role: 'viewer' };
  if (id === 'registry.repositories') return { ...input, registry: 'registry.test' };
  if (id === 'registry.artifacts') return { ...input, registry: 'registry.test', repository: 'apps/pump' };
  return id === 'devices.set' ? { ...input, form: null } : input;
}

/** What each door answers, by its name; an answer that is no problem is its kind. */
async function asked(
  { operation, prefix }: Offered,
  input: Record<string, unknown>,
  credentials: Credentials,
): Promise<Record<string, string>> {
  return atEach(async ({ transport }) => {
    const answer = await transport.call({
      operation,
      prefix,
      input,
      headers: {},
      credentials,
      signal: new AbortController().signal,
      timeout: 20_000,
      answerLimit: 1024 * 1024,
    });
    return answer.kind === 'problem' ? typeOf(answer.problem) : answer.kind;
  });
}

async function atEach(ask: (door: Door) => Promise<string>): Promise<Record<string, string>> {
  const answers = await Promise.all(house.doors.map(async (door) => [door.name, await ask(door)] as const));
  return Object.fromEntries(answers);
}

const typeOf = ({ kind }: Problem): string => `${kind.status} ${kind.type}`;
/** The same at every door. */
const everywhere = (expected: unknown): object => ({ http: expected, grpc: expected, mqtt: expected });
const status = (code: number, answers: Record<string, string>): void => {
  const [first] = Object.values(answers);
  expect(answers).toEqual(everywhere(first));
  expect(first).toMatch(new RegExp(`^${code} `));
};

describe.each(byId(forKind('user')))('%s, by http, grpc and mqtt', (_id, each) => {
  const { operation } = each;

  it('refuses who shows no credentials', async () => status(401, await asked(each, inputFor(operation), nobody)));
  it('refuses a token that nobody issued', async () =>
    status(401, await asked(each, inputFor(operation), bearer('tutti_nobody'))));
  it('refuses a token whose time is over', async () =>
    status(401, await asked(each, inputFor(operation), bearer(await house.expiredToken()))));
  it('refuses a device, whose credentials are for other operations', async () =>
    status(401, await asked(each, inputFor(operation), own.credentials)));
  if (!operation.access.rule.includes('viewer')) {
    it('refuses a user of a lower role', async () => {
      const input = withBody([each]).length > 0 ? validInput(operation) : inputFor(operation);
      status(403, await asked(each, input, bearer(house.tokens.viewer)));
    });
  }
});

describe.each(byId(forKind('device')))('%s, by http, grpc and mqtt', (_id, each) => {
  const { operation } = each;

  it('refuses who shows no credentials', async () => status(401, await asked(each, inputFor(operation), nobody)));
  it("refuses a signature by another key than the device's", async () => {
    const stranger = SigningKey.generate();
    status(
      401,
      await asked(
        each,
        inputFor(operation),
        signedBy(() => stranger, house.clock),
      ),
    );
  });
  it('refuses a signature that is too old', async () => {
    const long = { now: () => house.clock.now() - 3_600_000 };
    status(
      401,
      await asked(
        each,
        inputFor(operation),
        signedBy(() => own.key, long),
      ),
    );
  });
  it("refuses another device's signature", async () =>
    status(401, await asked(each, inputFor(operation), other.credentials)));
  it('refuses a token, which is for users', async () =>
    status(401, await asked(each, inputFor(operation), bearer(house.tokens.admin))));
  it('takes a signed request that changes something once, and one that does not as often as it comes', async () => {
    // The same fields again, as somebody who overheard them would send them.
    const input = inputFor(operation);
    const first = await atEach(async (door) => {
      let fields: Readonly<Record<string, string>> | undefined;
      const overheard: Credentials = (call) => {
        fields ??= own.credentials(call);
        return fields;
      };
      const answers: string[] = [];
      for (const _ of [1, 2]) {
        const stopped = new AbortController();
        const answer = await door.transport.call({
          operation,
          prefix: each.prefix,
          input,
          headers: {},
          credentials: overheard,
          signal: stopped.signal,
          timeout: 20_000,
          answerLimit: 1024 * 1024,
        });
        answers.push(answer.kind === 'problem' ? typeOf(answer.problem) : answer.kind);
        stopped.abort();
      }
      const [once = '', again = ''] = answers;
      expect(once).not.toMatch(/^401/);
      return operation.idempotency === 'safe' ? String(once === again) : again;
    });
    if (operation.idempotency === 'safe') expect(first).toEqual(everywhere('true'));
    else status(401, first);
  });
});

describe.each(byId(offered.filter(({ operation }) => operation.access.kinds.length === 0)))(
  '%s, by http, grpc and mqtt',
  (_id, each) => {
    it('answers the same to anyone', async () => {
      const answers = await asked(each, inputFor(each.operation), nobody);
      expect(answers).toEqual(everywhere(Object.values(answers)[0]));
    });
  },
);

describe.each(byId(withBody(offered)))('%s, by http, grpc and mqtt', (_id, each) => {
  const { operation, prefix } = each;
  const user = operation.access.kinds.includes('user');

  it('refuses what is larger than it takes', async () => {
    const limit = operation.bodyLimit ?? 1024 * 1024;
    const input = user
      ? validInput(operation, 'x'.repeat(limit))
      : { ...inputFor(operation), document: 'x'.repeat(limit) };
    status(413, await asked(each, input, user ? bearer(house.tokens.admin) : own.credentials));
  });

  it.each([
    ['no JSON and no message', Buffer.from('{"a": ')],
    ['no text', Buffer.from([0xff, 0xfe, 0x00, 0x80])],
  ])('refuses a body that is %s', async (_what, body) => {
    const input = inputFor(operation);
    const credentials = user ? bearer(house.tokens.admin) : own.credentials;
    const answers = await atEach(async (door) => {
      const { method, target } = httpForm(operation, prefix, input);
      const address = { method, url: door.url + target, headers: {}, body };
      const problem = await sendRaw(door, { operation, prefix, input, body, headers: credentials(() => address) });
      return problem ? typeOf(problem) : 'taken';
    });
    status(400, answers);
  });
});

/** Of the right form, so that nothing but the role is wrong. */
function validInput(operation: Operation, name = 'x'): Record<string, unknown> {
  const input = inputFor(operation);
  const metadata = { name };
  const ref = { appPackageRef: { id: 'x' }, deviceRef: { id: 'x' } };
  switch (operation.id) {
    case 'packages.import':
      return { document: { metadata, spec: { source: { registryUrl: 'localhost:1', repository: 'x', tag: 'x' } } } };
    case 'deployments.update':
      return { ...input, document: { metadata, spec: {} } };
    case 'tokens.create':
      return { ...input, name };
    default:
      return { ...input, document: { metadata, spec: ref } };
  }
}
