import type { Place } from '../document/place.js';
import type { Catalog } from './description.js';

/** `metadata.catalog`. Nothing of it is needed to deploy, so whatever is wrong here is a warning. */
export function readCatalog(place: Place): Catalog {
  if (!place.present) place.missing('warn');
  const application = place.at('application');
  place.only(['application', 'author', 'organization']);
  application.only(['descriptionFile', 'icon', 'licenseFile', 'releaseNotes', 'site', 'tagline', 'tags']);
  const organization = people(place.at('organization'), ['name', 'site']);
  if (place.present && organization.length === 0) place.at('organization').missing('warn');
  return {
    application: {
      ...texts(application, ['descriptionFile', 'icon', 'licenseFile', 'releaseNotes', 'site', 'tagline']),
      tags: list(application.at('tags')).flatMap((tag) => tag.text('warn') ?? []),
    },
    author: people(place.at('author'), ['name', 'email']),
    organization: organization.map(({ name = '', ...rest }) => ({ name, ...rest })),
  };
}

function people<K extends string>(place: Place, keys: readonly K[]): Partial<Record<K, string>>[] {
  return list(place).map((item) => {
    item.only(keys);
    return texts(item, keys);
  });
}

function texts<K extends string>(place: Place, keys: readonly K[]): Partial<Record<K, string>> {
  const found = keys.flatMap((key) => {
    const text = place.at(key).text('warn');
    return text === undefined ? [] : [[key, text] as const];
  });
  // `fromEntries` forgets which keys it was given.
  return Object.fromEntries(found) as Partial<Record<K, string>>;
}

/** One thing where a list of things should be is taken for a list of one. */
function list(place: Place): Place[] {
  if (!place.present || Array.isArray(place.value)) return place.items();
  place.warn('wrong-type', 'must be a list');
  return [place];
}
