import type { ArtifactRegistry, ArtifactToPush, Descriptor, RegistryCall } from '../../ports/index.js';
import type { KitCase } from '../kit.js';
import { KitSkip } from '../trial.js';
import { artifact, at, index, type RegistryTrial, refused, repository, seeded } from './means.js';
import { misbehaviours } from './server/index.js';
import type { RegistryUnderTest } from './subject.js';

type Run = (trial: RegistryTrial, referrers: NonNullable<ArtifactRegistry['referrers']>) => Promise<void>;

/** @throws KitSkip for a provider without the call, which is optional */
const cases =
  (level: KitCase<RegistryUnderTest>['level']) =>
  (name: string, run: Run): KitCase<RegistryUnderTest> => ({
    name,
    level,
    run: (trial) => {
      const { referrers } = trial.instance;
      if (!referrers) throw new KitSkip('this provider does not list referrers');
      return run(trial, referrers);
    },
  });
const basic = cases('basic');
const fault = cases('fault');

const wanted = 'application/vnd.tutti.kit.signature';
const unwanted = 'application/vnd.tutti.kit.bill';
const { refusal, reset, instead } = misbehaviours;

const referrer = (artifactType: string, text: string): ArtifactToPush => ({ ...artifact(text), artifactType });

/** Puts two signatures and something else of an artifact there. @returns the artifact, and the signatures' descriptors */
function signed(trial: RegistryTrial): { readonly subject: Descriptor; readonly signatures: readonly Descriptor[] } {
  const subject = seeded(trial).descriptor;
  const put = (type: string, text: string): Descriptor => ({
    ...trial.instance.server.seed(repository, referrer(type, text), undefined, subject).descriptor,
    artifactType: type,
  });
  const signatures = [put(wanted, 'one'), put(wanted, 'two')];
  put(unwanted, 'three');
  return { subject, signatures };
}

const digests = (descriptors: readonly Descriptor[]) => descriptors.map(({ digest }) => digest).sort();

/** Listing what refers to an artifact. */
export const referrerCases: readonly KitCase<RegistryUnderTest>[] = [
  basic('what refers to an artifact is listed, of the wanted type alone', async (trial, referrers) => {
    const { subject, signatures } = signed(trial);
    const found = await trial.within('referrers', referrers(at(trial, { digest: subject.digest }), wanted));
    trial.equal('the digests', digests(found), digests(signatures));
    const first = signatures[0];
    const { mediaType, digest, size } = found.find((one) => one.digest === first?.digest) ?? {};
    trial.equal('one of them', { mediaType, digest, size, artifactType: wanted }, first);
  }),

  basic('a registry without the API is asked for the tag that stands in for it', async (trial, referrers) => {
    const { subject, signatures } = signed(trial);
    const { server } = trial.instance;
    server.listsReferrers = false;
    const other = { ...subject, artifactType: unwanted };
    index(trial, subject.digest.replace(':', '-'), [...signatures, other]);
    const found = await trial.within('referrers', referrers(at(trial, { digest: subject.digest }), wanted));
    trial.equal('the digests', digests(found), digests(signatures));
  }),

  basic('nothing refers to an artifact without referrers, with and without the API', async (trial, referrers) => {
    const { descriptor } = seeded(trial);
    for (const lists of [true, false]) {
      trial.instance.server.listsReferrers = lists;
      const found = await trial.within('referrers', referrers(at(trial, { digest: descriptor.digest }), wanted));
      trial.equal('what was found', found, []);
    }
  }),

  fault('what refers to an artifact without a digest is invalid, and nobody is asked', async (trial, referrers) => {
    await refused(trial, 'referrers', referrers(at(trial, { tag: '1.0' }), wanted), 'invalid');
    trial.equal('what the registry was asked', trial.instance.server.requests.length, 0);
  }),

  fault('a registry that does not say what refers to an artifact is a fault', async (trial, referrers) => {
    const { subject } = signed(trial);
    const ask = (call?: RegistryCall) => referrers(at(trial, { digest: subject.digest }), wanted, call);
    const { server } = trial.instance;
    server.misbehave('referrers', refusal(401));
    await refused(trial, 'referrers after 401', ask(), 'denied');
    server.misbehave('referrers', refusal(500));
    await refused(trial, 'referrers after 500', ask(), 'unreachable');
    server.misbehave('referrers', reset);
    await refused(trial, 'referrers after a reset', ask(), 'unreachable');
    server.misbehave('referrers', instead(Buffer.from('no index')));
    await refused(trial, 'referrers of no index', ask(), 'invalid', 'corrupt');
  }),
];
