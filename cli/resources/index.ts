import { didYouMean } from '../../core/plugin/suggest.js';
import { invalid } from '../failure.js';
import { deployments } from './deployments.js';
import { devices } from './devices.js';
import { packages } from './packages.js';

export { type DeploymentItem, deployments, troubleOf } from './deployments.js';
export { type DeviceItem, devices, eligibility } from './devices.js';
export { type Filter, type Item, type Kind, shortId } from './kind.js';
export { type PackageItem, packages, scanText } from './packages.js';

export type AnyKind = typeof packages | typeof deployments | typeof devices;

/** What a registry offers: to be listed, and nothing else. */
export type OfferKind = 'repositories' | 'artifacts';

const kinds = [packages, deployments, devices];
const offers: readonly { readonly plural: OfferKind; readonly singular: string }[] = [
  { plural: 'repositories', singular: 'repository' },
  { plural: 'artifacts', singular: 'artifact' },
];

/** @throws CommandFailure naming the kinds there are */
export function kindOf(word: string): AnyKind {
  const found = kindNamed(word);
  if (found) return found;
  const offer = offerNamed(word);
  if (offer) throw invalid(`${offer} are in a registry`, `they can be listed: tutti get ${offer}`);
  throw noKind(
    word,
    kinds.map(({ plural }) => plural),
    'kinds are packages, deployments (or instances) and devices',
  );
}

/** Of `tutti get`. @throws CommandFailure naming the kinds there are */
export function listedOf(word: string): AnyKind | OfferKind {
  const found = kindNamed(word) ?? offerNamed(word);
  if (found) return found;
  throw noKind(
    word,
    [...kinds, ...offers].map(({ plural }) => plural),
    'kinds are packages, deployments (or instances), devices, repositories and artifacts',
  );
}

function kindNamed(word: string): AnyKind | undefined {
  const lower = word.toLowerCase();
  return kinds.find(({ plural, singular, aliases }) => [plural, singular, ...aliases].includes(lower));
}

function offerNamed(word: string): OfferKind | undefined {
  const lower = word.toLowerCase();
  return offers.find(({ plural, singular }) => [plural, singular].includes(lower))?.plural;
}

function noKind(word: string, names: readonly string[], known: string): Error {
  const near = didYouMean(word, names);
  return invalid(`there is no kind "${word}"`, near === undefined ? known : `did you mean "${near}"? ${known}`);
}
