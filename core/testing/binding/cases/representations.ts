import { problems } from '../../../operation/index.js';
import type { KitCase } from '../../kit.js';
import { KitFailure } from '../../trial.js';
import type { BindingUnderTest } from '../subject.js';
import { pages } from '../toy/pages.js';
import { answered, type BindingTrial, basic, refused, sameBytes } from './means.js';

const exact = ['every/byte', 'nothing', '64 KiB', '1 MiB', 'json', 'text'];

/** The page as the vendor has it. */
function page(name: string) {
  const found = pages.get(name);
  if (!found) throw new Error(`there is no page ${name}`);
  return found;
}

/** Asks for the page with this `If-None-Match`. */
async function unchanged(trial: BindingTrial, field: string): Promise<void> {
  const found = await trial.instance.call('read', { name: 'json' }, { headers: { 'if-none-match': field } });
  if (found.kind !== 'not-modified') {
    throw new KitFailure(`a representation asked for with If-None-Match: ${field}`, 'not-modified', found.kind);
  }
  trial.equal('the etag of what was not modified', found.etag, 'json');
}

/** Exact bytes, and what goes with them. */
export const representationCases: readonly KitCase<BindingUnderTest>[] = [
  ...exact.map((name) =>
    basic(`a representation arrives byte for byte: ${name}`, async (trial) => {
      const { bytes, mediaType, etag, outcome } = await answered(trial, 'representation', 'read', { name });
      sameBytes(trial, `the representation "${name}"`, bytes, page(name).bytes);
      trial.equal('its media type', mediaType, page(name).mediaType);
      trial.equal('its etag', etag, page(name).etag);
      trial.equal('its outcome', outcome, 'ok');
    }),
  ),

  basic('a representation says how long it may be kept', async (trial) => {
    for (const name of ['every/byte', 'text', 'public', 'unkept']) {
      const { cache } = await answered(trial, 'representation', 'read', { name });
      trial.equal(`the cache rule of "${name}"`, cache, page(name).cache);
    }
    const { cache } = await answered(trial, 'representation', 'read', { name: '64 KiB' });
    trial.holds('the cache rule of what has none', !cache || cache.freshness === 'none', 'none', cache);
  }),

  basic('a representation may have no etag', async (trial) => {
    const { etag } = await answered(trial, 'representation', 'read', { name: 'unkept' });
    trial.equal('the etag', etag, undefined);
  }),

  basic('a representation may say that something is not ready', async (trial) => {
    const { outcome, bytes } = await answered(trial, 'representation', 'read', { name: 'not ready' });
    trial.equal('the outcome', outcome, 'unavailable');
    sameBytes(trial, 'the bytes that say so', bytes, page('not ready').bytes);
  }),

  basic('an etag that matches answers not-modified: alone, weak, in a list, or any', async (trial) => {
    for (const field of ['"json"', 'W/"json"', '"other", "json"', '*']) await unchanged(trial, field);
  }),

  basic('an etag that does not match answers the representation', async (trial) => {
    for (const field of ['"other"', '"other", "another"', '"jso"']) {
      const { bytes } = await answered(
        trial,
        'representation',
        'read',
        { name: 'json' },
        { headers: { 'if-none-match': field } },
      );
      sameBytes(trial, `the representation for If-None-Match: ${field}`, bytes, page('json').bytes);
    }
  }),

  basic('a value with an etag is asked for conditionally like a representation', async (trial) => {
    const headers = { 'if-none-match': '"version-of-a"' };
    const same = await answered(trial, 'not-modified', 'make', { id: 'a', outcome: 'ok' }, { headers });
    trial.equal('the etag of what was not modified', same.etag, 'version-of-a');
    await answered(trial, 'value', 'make', { id: 'b', outcome: 'ok' }, { headers });
    // It was made by this very call, whatever its version.
    await answered(trial, 'value', 'make', { id: 'a', outcome: 'created' }, { headers });
  }),

  basic('If-Match reaches the operation without its quotes', async (trial) => {
    const given = await answered(trial, 'value', 'change', { id: 'a' }, { headers: { 'if-match': '"v 1"' } });
    trial.equal('the version that the operation saw', given.value, { ifMatch: 'v 1' });
    const none = await answered(trial, 'value', 'change', { id: 'a' });
    trial.equal('the version that the operation saw of none', none.value, { ifMatch: null });
  }),

  basic('a representation is negotiated by what the caller accepts', async (trial) => {
    for (const accept of ['text/plain', 'image/png;q=0.9, application/*;q=0.1', '*/*']) {
      await answered(trial, 'representation', 'read', { name: 'json' }, { headers: { accept } });
    }
    await refused(trial, problems.notAcceptable, 'read', { name: 'json' }, { headers: { accept: 'image/png' } });
    await refused(trial, problems.notAcceptable, 'echo', { value: 1 }, { headers: { accept: 'text/html' } });
    await answered(trial, 'empty', 'forget', { id: 'a' }, { headers: { accept: 'text/html' } });
  }),

  basic('an answer that is larger than the caller takes is refused at its end', async (trial) => {
    const error = await trial.rejects(
      'a call that takes 1,000 bytes and is answered 64 KiB',
      trial.instance.call('read', { name: '64 KiB' }, { answerLimit: 1_000 }),
    );
    trial.equal(
      'the error',
      { name: error.name, reason: Reflect.get(error, 'reason') as unknown },
      { name: 'TransportFault', reason: 'invalid' },
    );
    await answered(trial, 'representation', 'read', { name: '64 KiB' });
  }),
];
