import type { RegistryCredentials } from '../../ports/index.js';
import { discloses } from '../disclosure.js';
import type { KitCase } from '../kit.js';
import { show } from '../trial.js';
import { at, largeLayer, type RegistryTrial, refused, same, seeded, wanting, wants } from './means.js';
import { confidential, misbehaviours, type RegistryAccess } from './server/index.js';
import type { RegistryUnderTest } from './subject.js';

type Run = (trial: RegistryTrial) => Promise<void>;
const basic = (name: string, run: Run): KitCase<RegistryUnderTest> => ({ name, level: 'basic', run });
const fault = (name: string, run: Run): KitCase<RegistryUnderTest> => ({ name, level: 'fault', run });

const ada: RegistryCredentials = { username: 'ada', password: 'pa:ss wörd of ada' };
const eve: RegistryCredentials = { username: 'eve', password: 'pass word of eve' };
const schemes: readonly RegistryAccess['scheme'][] = ['basic', 'bearer'];
const kinds = Object.keys(wants) as (keyof typeof wants)[];

/** Checks that neither a fault nor the log tells what is between a caller and the registry. */
function untold(trial: RegistryTrial, error: unknown, ...credentials: RegistryCredentials[]): void {
  for (const secret of credentials.flatMap(confidential)) {
    trial.holds('a fault', !discloses(error, secret), 'nothing of the credentials', show(error).slice(0, 300));
    trial.holds(
      'the log',
      !discloses(trial.instance.logged(), secret),
      'nothing of the credentials',
      'a trace of them',
    );
  }
}

/** Who a provider is to a registry, and whom it tells. */
export const credentialCases: readonly KitCase<RegistryUnderTest>[] = [
  basic('the credentials of a call open the registry, for this call alone', async (trial) => {
    const wanted = wanting(trial);
    for (const scheme of schemes) {
      trial.instance.server.access = { ...ada, scheme };
      for (const kind of kinds) {
        await trial.within(`${kind} with ${scheme}`, wants[kind](wanted, { credentials: ada }));
        await refused(trial, `${kind} without credentials`, wants[kind](wanted), 'denied');
      }
    }
    untold(trial, undefined, ada);
  }),

  basic('the configured credentials open it where a call brings none, and those of a call go before', async (trial) => {
    const { server } = trial.instance;
    const wanted = wanting(trial, await trial.instance.another({ credentials: ada }));
    for (const scheme of schemes) {
      server.access = { ...ada, scheme };
      for (const kind of kinds) await trial.within(`${kind} with ${scheme}`, wants[kind](wanted));
      await refused(trial, 'resolve with those of another', wants.resolve(wanted, { credentials: eve }), 'denied');
    }
    untold(trial, undefined, ada, eve);
  }),

  fault('wrong credentials are denied, and no fault tells them', async (trial) => {
    const { server } = trial.instance;
    const wanted = wanting(trial);
    for (const scheme of schemes) {
      server.access = { ...ada, scheme };
      for (const kind of kinds) {
        untold(trial, await refused(trial, kind, wants[kind](wanted, { credentials: eve }), 'denied'), eve);
      }
    }
  }),

  fault('no fault tells credentials that the registry repeats', async (trial) => {
    const { server } = trial.instance;
    const wanted = wanting(trial);
    for (const scheme of schemes) {
      server.access = { ...ada, scheme };
      for (const status of [400, 403, 500]) {
        for (const part of ['manifest', 'blob', 'tags', 'upload'] as const) {
          server.misbehave(part, misbehaviours.refusal(status));
        }
        for (const kind of kinds) {
          untold(trial, await refused(trial, kind, wants[kind](wanted, { credentials: ada })), ada);
        }
        server.behave();
      }
    }
  }),

  fault('a redirect is followed, and the credentials are not', async (trial) => {
    const { server, elsewhere } = trial.instance;
    const { descriptor, bytes } = largeLayer(seeded(trial));
    elsewhere.seed('kit/app', { artifactType: 'x/y', layers: [{ mediaType: descriptor.mediaType, bytes }] });
    server.misbehave('blob', misbehaviours.redirect(elsewhere.url));
    for (const scheme of schemes) {
      server.access = { ...ada, scheme };
      const fetched = trial.instance.fetch(at(trial), descriptor, bytes.byteLength, { credentials: ada });
      same(trial, 'what was fetched', await trial.within('fetch', fetched), bytes);
    }
    trial.holds('who was asked', elsewhere.requests.length > 0, 'the other host too', elsewhere.requests.length);
    for (const { headers, target } of elsewhere.requests) {
      trial.equal('the credentials that the other host was sent', headers.authorization, undefined);
      for (const secret of confidential(ada)) {
        const clean = !discloses({ headers, target }, secret);
        trial.holds('what else the other host was sent', clean, 'nothing of the credentials', target);
      }
    }
  }),

  fault('where a redirect leads, digests count as well', async (trial) => {
    const { server, elsewhere } = trial.instance;
    const { descriptor, bytes } = largeLayer(seeded(trial));
    server.misbehave('blob', misbehaviours.redirect(elsewhere.url));
    elsewhere.misbehave('blob', misbehaviours.instead(Buffer.alloc(bytes.byteLength, 'x')));
    await refused(trial, 'fetch', trial.instance.fetch(at(trial), descriptor, bytes.byteLength), 'corrupt');
  }),

  fault('redirects in a circle come to an end', async (trial) => {
    const { server } = trial.instance;
    const wanted = wanting(trial);
    for (const part of ['manifest', 'blob', 'tags'] as const)
      server.misbehave(part, misbehaviours.redirect(server.url));
    for (const kind of ['resolve', 'fetch', 'tags'] as const) await refused(trial, kind, wants[kind](wanted));
  }),
];
