import { RegistryFault } from '../../ports/index.js';
import type { KitCase } from '../kit.js';
import { artifact, at, collect, largeLayer, type RegistryTrial, refused, repository, seeded } from './means.js';
import { digestOf, manifestType, misbehaviours, Repository, seed } from './server/index.js';
import type { Misbehaviour } from './server/misbehaviour.js';
import type { RegistryUnderTest } from './subject.js';

type Run = (trial: RegistryTrial) => Promise<void>;
const fault = (name: string, run: Run): KitCase<RegistryUnderTest> => ({ name, level: 'fault', run });

const { otherBytes, shorter, longer, honestlyLonger, endless, cut, instead } = misbehaviours;

/** A blob that is not what its descriptor says, whichever way it is asked for. */
function corruptBlob(name: string, how: Misbehaviour, ...reasons: RegistryFault['reason'][]) {
  return fault(`a blob ${name} yields no value`, async (trial) => {
    const { descriptor } = largeLayer(seeded(trial));
    trial.instance.server.misbehave('blob', how);
    await refused(trial, 'fetch', trial.instance.fetch(at(trial), descriptor, 1_000_000), ...reasons);
    await refused(trial, 'a pull, before it ends,', collect(trial.instance, at(trial), descriptor), ...reasons);
  });
}

/** Bytes that are not what they should be. */
export const integrityCases: readonly KitCase<RegistryUnderTest>[] = [
  corruptBlob('of other bytes', otherBytes, 'corrupt'),
  corruptBlob('that ends early', shorter, 'corrupt'),
  corruptBlob('of more bytes', longer, 'corrupt'),
  corruptBlob('that says to be of more bytes', honestlyLonger, 'corrupt'),
  corruptBlob('of no bytes', instead(new Uint8Array()), 'corrupt'),
  corruptBlob('without end', endless, 'corrupt'),
  corruptBlob('that is cut off', cut, 'corrupt', 'unreachable'),

  fault('a blob that is larger than its descriptor says is not read beyond', async (trial) => {
    const { descriptor } = largeLayer(seeded(trial));
    const understated = { ...descriptor, size: 10 };
    await refused(trial, 'fetch', trial.instance.fetch(at(trial), understated, 10), 'corrupt');
    await refused(trial, 'pull', collect(trial.instance, at(trial), understated), 'corrupt');
  }),

  fault('a manifest of other bytes than its digest says is corrupt', async (trial) => {
    const { descriptor } = seeded(trial, 'one');
    const other = seed(new Repository(), artifact('two'));
    for (const how of [instead(other.bytes), otherBytes, shorter, longer]) {
      trial.instance.server.misbehave('manifest', how);
      await refused(trial, 'resolve', trial.instance.resolve(at(trial, { digest: descriptor.digest })), 'corrupt');
    }
  }),

  fault('the digest of a tag is the one of the bytes that came', async (trial) => {
    seeded(trial, 'one');
    const other = seed(new Repository(), artifact('two'));
    trial.instance.server.misbehave('manifest', instead(other.bytes));
    const resolved = trial.instance.resolve(at(trial, { tag: '1.0' })).then(
      ({ descriptor }) => descriptor.digest,
      (error: unknown) => error,
    );
    const found = await trial.within('resolve', resolved);
    // The registry has named another digest for it: to refuse it, as few do, is right as well.
    const right = found === other.descriptor.digest || (found instanceof RegistryFault && found.reason === 'corrupt');
    trial.holds('the digest', right, `${other.descriptor.digest}, or RegistryFault corrupt`, found);
  }),

  fault('what is no manifest yields no value', async (trial) => {
    const there = trial.instance.server.repository(repository);
    for (const text of ['', 'null', '[]', '{}', '"text"', '<html>', '{"schemaVersion":1}', '{"schemaVersion":2}']) {
      const bytes = Buffer.from(text);
      there.manifests.set(digestOf(bytes), { mediaType: manifestType, bytes });
      there.tags.set('odd', digestOf(bytes));
      await refused(trial, `resolve of ${text}`, trial.instance.resolve(at(trial, { tag: 'odd' })));
    }
  }),

  fault('a manifest without end, or of 64 MiB, is not read to its end', async (trial) => {
    seeded(trial);
    const huge = Buffer.from(`{"schemaVersion":2,"x":"${'x'.repeat(64 * 1024 * 1024)}"}`);
    for (const how of [endless, instead(huge)]) {
      trial.instance.server.misbehave('manifest', how);
      await refused(trial, 'resolve', trial.instance.resolve(at(trial, { tag: '1.0' })));
    }
  }),

  fault('a list of tags that is none, or never ends, yields no value', async (trial) => {
    seeded(trial);
    for (const how of [instead(Buffer.from('<html>')), instead(Buffer.from('{"tags":[1]}')), endless]) {
      trial.instance.server.misbehave('tags', how);
      await refused(trial, 'tags', trial.instance.tags(at(trial)));
    }
  }),

  fault('a reader that leaves ends the transfer', async (trial) => {
    const { server } = trial.instance;
    const { descriptor } = largeLayer(seeded(trial));
    server.misbehave('blob', misbehaviours.stalled);
    const leaving = async (): Promise<void> => {
      for await (const _ of trial.instance.pull(at(trial), descriptor)) break;
    };
    await trial.within('the first bytes', leaving());
    await trial.within('the end of the transfer', Promise.all(server.requests.map(({ closed }) => closed)));
  }),
];
