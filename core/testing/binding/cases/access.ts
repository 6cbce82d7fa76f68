import { bearer, nobody } from '../../../client/index.js';
import { httpForm, type Operation, problems } from '../../../operation/index.js';
import type { Credentials } from '../../../ports/transport.js';
import type { KitCase } from '../../kit.js';
import type { BindingUnderTest } from '../subject.js';
import { toys } from '../toy/operations.js';
import { prefix } from '../toy/vendor.js';
import { answered, basic, refused } from './means.js';

const note = { device: 'device-1', tag: 'a b&c', text: 'grüß' };

/** The same fields whenever they are asked for. */
function overheard(credentials: Credentials): Credentials {
  let first: Readonly<Record<string, string>> | undefined;
  return (call) => {
    first ??= credentials(call);
    return first;
  };
}

/** Who calls, as the contract's authenticators see it: no binding is an unlocked door. */
export const accessCases: readonly KitCase<BindingUnderTest>[] = [
  basic('no credentials, wrong ones and those of the wrong kind open nothing', async (trial) => {
    const { callers } = trial.instance.vendor;
    for (const credentials of [nobody, bearer('stolen'), callers.signed('device-1')]) {
      await refused(trial, problems.notAuthenticated, 'secret', { n: 1 }, { credentials });
    }
    await refused(trial, problems.notAuthenticated, 'note', note, { credentials: bearer('admin') });
  }),

  basic('a token opens what its role may do, and nothing else', async (trial) => {
    const { value } = await answered(trial, 'value', 'secret', { n: 1 }, { credentials: bearer('admin') });
    trial.equal('who the operation saw', value, { caller: 'admin' });
    await refused(trial, problems.notAuthorized, 'secret', { n: 1 }, { credentials: bearer('viewer') });
  }),

  basic('who is not known learns nothing of what is wrong with the input', async (trial) => {
    await refused(trial, problems.notAuthenticated, 'secret', { n: 101 });
    await refused(trial, problems.notAuthenticated, 'secret', { n: 101 }, { credentials: bearer('stolen') });
    await refused(trial, problems.semanticError, 'secret', { n: 101 }, { credentials: bearer('admin') });
  }),

  basic('who is refused is told which credentials count', async (trial) => {
    const { challenges } = await refused(trial, problems.notAuthenticated, 'secret', { n: 1 });
    trial.equal('the challenge for a user', challenges, ['Bearer realm="toy"']);
    const either = await refused(trial, problems.notAuthenticated, 'either', {});
    trial.equal('the challenges for any caller', either.challenges, ['Bearer realm="toy"', 'Signature realm="toy"']);
    const allowed = await refused(trial, problems.notAuthorized, 'secret', { n: 1 }, { credentials: bearer('viewer') });
    trial.equal('the challenges for somebody who is known', allowed.challenges, []);
  }),

  basic('a signed request shows who signed it', async (trial) => {
    const { callers } = trial.instance.vendor;
    const { value } = await answered(trial, 'value', 'note', note, { credentials: callers.signed('device-1') });
    trial.equal('who the operation saw', value, { caller: 'device-1', text: note.text });
    const input = { device: 'device-2' };
    await answered(trial, 'value', 'glance', input, { credentials: callers.signed('device-2') });
    await answered(trial, 'value', 'either', {}, { credentials: callers.signed('device-2') });
    await refused(trial, problems.notAuthenticated, 'note', note, { credentials: callers.signed('stranger') });
  }),

  basic('the access rule sees the input: a device may use only what is its own', async (trial) => {
    const credentials = trial.instance.vendor.callers.signed('device-2');
    await refused(trial, problems.notAuthorized, 'note', note, { credentials });
    await refused(trial, problems.notAuthorized, 'glance', { device: 'device-1' }, { credentials });
  }),

  basic('a signature counts for the call that it was made for', async (trial) => {
    const { callers } = trial.instance.vendor;
    const other = Buffer.from('{"text":"other"}');
    const tampered = [
      callers.signed('device-1', (call) => ({ ...call, body: other })),
      callers.signed('device-1', (call) => ({ ...call, url: call.url.replace('device-1', 'device-2') })),
      callers.signed('device-1', (call) => ({ ...call, url: call.url.replace('tag=', 'gat=') })),
      callers.signed('device-1', (call) => ({ ...call, url: call.url.replace('://', '://else.') })),
      callers.signed('device-1', (call) => ({ ...call, method: 'POST' })),
      callers.signedInPart('device-1'),
    ];
    for (const credentials of tampered) {
      await refused(trial, problems.notAuthenticated, 'note', note, { credentials });
    }
  }),

  basic('a signed request that changes something is taken once, one that reads as often as it comes', async (trial) => {
    const { callers } = trial.instance.vendor;
    const changing = { credentials: overheard(callers.signed('device-1')) };
    await answered(trial, 'value', 'note', note, changing);
    await refused(trial, problems.notAuthenticated, 'note', note, changing);
    const reading = { credentials: overheard(callers.signed('device-1')) };
    await answered(trial, 'value', 'glance', { device: 'device-1' }, reading);
    await answered(trial, 'value', 'glance', { device: 'device-1' }, reading);
  }),

  basic('evidence has the shape that HTTP gives the call', async (trial) => {
    const input = { id: 'a b/c:ü', q: 'x&y=ü', text: 'grüß' };
    const form = httpForm(toys.inspect as unknown as Operation, prefix, input);
    const { value } = await answered(trial, 'value', 'inspect', input, { headers: { 'x-toy-note': 'seen' } });
    const { method, targetUri, params, body, note: seen } = value as Readonly<Record<string, unknown>>;
    trial.equal('its method', method, form.method);
    trial.equal('its params', params, form.params);
    trial.equal('its body', body, Buffer.from(form.body ?? []).toString());
    trial.equal('a field of the call', seen, 'seen');
    const uri = String(targetUri);
    trial.holds('its targetUri', uri.endsWith(form.target), `one that ends with ${form.target}`, uri);
    const origin = uri.slice(0, -form.target.length);
    trial.holds('the origin of its targetUri', /^[a-z][\w.+-]*:\/\/[^/]+/.test(origin), 'scheme and authority', origin);
  }),

  basic('evidence has the address of the caller', async (trial) => {
    trial.instance.needs('peer');
    const { value } = await answered(trial, 'value', 'inspect', { id: 'a' });
    const { peer } = value as { readonly peer: string | null };
    trial.holds('the peer', peer !== null && peer !== '', 'an address', peer);
  }),

  basic('the correlation id of the caller is that of the call', async (trial) => {
    const headers = { 'x-correlation-id': 'kit-4711.a' };
    const ids: unknown[] = [];
    for (const options of [{ headers }, {}, {}]) {
      const { value } = await answered(trial, 'value', 'inspect', { id: 'a' }, options);
      ids.push((value as { readonly correlationId: unknown }).correlationId);
    }
    trial.equal('the id that the operation saw', ids[0], 'kit-4711.a');
    trial.equal('how many ids three calls have', new Set(ids).size, 3);
  }),
];
