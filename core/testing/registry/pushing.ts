import type { ArtifactToPush } from '../../ports/index.js';
import type { KitCase } from '../kit.js';
import type { KitLevel } from '../kit-options.js';
import { artifact, at, type RegistryTrial, repository, same } from './means.js';
import { digestOf } from './server/index.js';
import type { RegistryUnderTest } from './subject.js';

type Run = (trial: RegistryTrial) => Promise<void>;
const cases =
  (level: KitLevel) =>
  (name: string, run: Run): KitCase<RegistryUnderTest> => ({ name, level, run });
const basic = cases('basic');
const idempotent = cases('idempotent');
const concurrent = cases('concurrent');

function push(trial: RegistryTrial, tag: string, what: ArtifactToPush = artifact()) {
  return trial.within('push', trial.instance.push(at(trial, { tag }), what));
}

/** Bytes that the registry was sent since it had seen `before` requests. */
function sent(trial: RegistryTrial, before: number): number {
  return trial.instance.server.requests.slice(before).reduce((sum, { size }) => sum + size, 0);
}

/** Checks what lies in the registry, past the provider. */
function holds(trial: RegistryTrial, tag: string, what: ArtifactToPush): void {
  const there = trial.instance.server.repository(repository);
  const found = there.manifest(tag);
  const manifest: unknown = found && JSON.parse(Buffer.from(found.bytes).toString());
  const { artifactType, annotations, layers } = (manifest ?? {}) as Record<string, unknown>;
  trial.equal('what the manifest says', { artifactType, annotations }, pick(what));
  trial.equal(
    'its layers',
    layers,
    what.layers.map(({ mediaType, bytes, annotations: labels }) => ({
      ...{ mediaType, digest: digestOf(bytes), size: bytes.byteLength },
      ...(labels && { annotations: labels }),
    })),
  );
  for (const { bytes } of what.layers) {
    same(trial, 'a layer', there.blobs.get(digestOf(bytes)) ?? new Uint8Array(), bytes);
  }
}

const pick = ({ artifactType, annotations }: ArtifactToPush) => ({ artifactType, annotations });

/** Push, with a registry that is as it should be. */
export const pushingCases: readonly KitCase<RegistryUnderTest>[] = [
  basic('what is pushed is there, and push says what it is', async (trial) => {
    const descriptor = await push(trial, '1.0');
    holds(trial, '1.0', artifact());
    const stored = trial.instance.server.repository(repository).manifest('1.0');
    trial.equal('the digest', descriptor.digest, stored && digestOf(stored.bytes));
    trial.equal('the size', descriptor.size, stored?.bytes.byteLength);
    const found = await trial.within('resolve', trial.instance.resolve(at(trial, { tag: '1.0' })));
    trial.equal('the digest that the tag resolves to', found.descriptor.digest, descriptor.digest);
  }),

  basic('the order of layers stays, and two that are equal stay two', async (trial) => {
    const layer = (text: string) => ({
      mediaType: 'text/plain',
      bytes: Buffer.from(text),
      annotations: { title: text },
    });
    const what = { ...artifact(), layers: ['b', 'a', 'c', 'a'].map(layer) };
    await push(trial, '1.0', what);
    holds(trial, '1.0', what);
  }),

  basic('a push to a tag that is taken moves the tag', async (trial) => {
    await push(trial, '1.0', artifact('one'));
    await push(trial, '1.0', artifact('two'));
    holds(trial, '1.0', artifact('two'));
  }),

  idempotent('what is there already is not sent again', async (trial) => {
    const first = await push(trial, '1.0');
    const before = trial.instance.server.requests.length;
    const second = await push(trial, '1.0');
    trial.equal('the digest of the second push', second.digest, first.digest);
    trial.equal('bytes that the second push sent', sent(trial, before), 0);
    holds(trial, '1.0', artifact());
  }),

  idempotent('of an artifact that shares a layer with another, only the rest is sent', async (trial) => {
    const { layers, ...rest } = artifact();
    await push(trial, '1.0', { ...rest, layers });
    const before = trial.instance.server.requests.length;
    const more = { mediaType: 'text/plain', bytes: Buffer.from('one more') };
    await push(trial, '2.0', { ...rest, layers: [...layers, more] });
    const shared = layers.reduce((sum, { bytes }) => sum + bytes.byteLength, 0);
    const bytes = sent(trial, before);
    trial.holds('bytes that the second push sent', bytes < shared, `less than the shared ${shared}`, bytes);
    holds(trial, '2.0', { ...rest, layers: [...layers, more] });
  }),

  idempotent('a push that was broken off is finished by the next', async (trial) => {
    const { server } = trial.instance;
    server.misbehave('manifest', ({ request }) => void request.socket.resetAndDestroy());
    await trial.rejects('push', trial.instance.push(at(trial, { tag: '1.0' }), artifact()));
    server.behave();
    await push(trial, '1.0');
    holds(trial, '1.0', artifact());
  }),

  concurrent('many pushes at once of one artifact end as one', async (trial) => {
    const pushes = await Promise.all(Array.from({ length: 8 }, () => push(trial, '1.0')));
    trial.equal('how many digests', new Set(pushes.map(({ digest }) => digest)).size, 1);
    holds(trial, '1.0', artifact());
  }),

  concurrent('many artifacts are pushed and resolved at once', async (trial) => {
    const texts = Array.from({ length: 12 }, (_, number) => `text-${number}`);
    await Promise.all(texts.map((text) => push(trial, text, artifact(text))));
    for (const text of texts) holds(trial, text, artifact(text));
    const found = await Promise.all(texts.map((tag) => trial.instance.resolve(at(trial, { tag }))));
    trial.equal('how many digests', new Set(found.map(({ descriptor }) => descriptor.digest)).size, texts.length);
  }),
];
