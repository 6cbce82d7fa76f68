import type { Place } from '../document/place.js';
import { readDuration, writeDuration } from '../duration.js';
import type { Component, ComponentProperties, DeploymentType } from './description.js';

/** OCI Distribution 1.1, section "Pulling manifests". */
const tagPattern = /^[A-Za-z0-9_][A-Za-z0-9._-]{0,127}$/;
const digestPattern = /^sha256:[0-9a-f]{64}$/;
const repositoryPattern =
  /^oci:\/\/[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?(?::\d{1,5})?(?:\/[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*)+$/;
/** SemVer 2.0 with `_` where a tag cannot have `+` (section "Component Properties"). */
const revisionPattern = /^(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)(-[0-9A-Za-z.-]+)?(_[0-9A-Za-z.-]+)?$/;
/** Also fit for Kubernetes, compose and file names, where components' names end up. */
const namePattern = /^[a-z0-9](?:[-a-z0-9]*[a-z0-9])?$/;
const knownProperties = ['repository', 'revision', 'packageLocation', 'keyLocation', 'wait', 'timeout'];

/** Components of a profile, of a description and of a deployment alike. */
export function readComponents(list: Place, type: DeploymentType | undefined): Component[] {
  if (list.present && Array.isArray(list.value) && list.value.length === 0)
    list.missing('fault', 'is empty; a profile needs a component');
  else if (!list.present) list.missing('fault');
  const names = new Set<string>();
  return list.items().flatMap((place) => {
    if (!place.element()) return [];
    place.only(['name', 'properties']);
    const name = readName(place.at('name'), names);
    const properties = readProperties(place.at('properties'), type);
    return name === undefined ? [] : [{ name, properties, extensions: place.extensions() }];
  });
}

function readName(place: Place, taken: Set<string>): string | undefined {
  const name = place.present ? place.text() : place.missing('fault');
  if (name === undefined) return undefined;
  if (!namePattern.test(name) || name.length > 200)
    return place.fault('bad-name', 'must be lower-case letters, digits and dashes, at most 200');
  if (taken.has(name)) return place.fault('duplicate', `is the name of another component too: "${name}"`);
  taken.add(name);
  return name;
}

function readProperties(place: Place, type: DeploymentType | undefined): ComponentProperties {
  if (!place.present) return place.missing('fault') ?? {};
  if (!place.object()) return {};
  place.only(knownProperties);
  const repository = readRepository(place.at('repository'));
  const revision = readRevision(place.at('revision'));
  const packageLocation = readPackageLocation(place.at('packageLocation'), type);
  if (!place.at('repository').present && !place.at('packageLocation').present) place.at('repository').missing('fault');
  if (place.at('repository').present && !place.at('revision').present) place.at('revision').missing('fault');
  const keyLocation = place.at('keyLocation').text('warn');
  const wait = place.at('wait').boolean();
  const timeout = readTimeout(place.at('timeout'));
  return {
    ...(repository !== undefined && { repository }),
    ...(revision !== undefined && { revision }),
    ...(packageLocation !== undefined && { packageLocation }),
    ...(keyLocation !== undefined && { keyLocation }),
    ...(wait !== undefined && { wait }),
    ...(timeout !== undefined && { timeout }),
  };
}

function readRepository(place: Place): string | undefined {
  const text = place.text();
  if (text === undefined || repositoryPattern.test(text)) return text;
  return place.fault('bad-repository', 'must be oci://host/path in lower case, without tag or digest');
}

function readRevision(place: Place): string | undefined {
  const text = place.text();
  if (text === undefined || digestPattern.test(text)) return text;
  const tag = text.replace('+', '_');
  if (!tagPattern.test(tag)) return place.fault('bad-revision', 'must be a SemVer version such as 1.4.2, or a digest');
  if (!revisionPattern.test(text))
    place.warn('nonstandard-revision', `"${text}" is no SemVer version without "v" and with "_" for "+"`);
  return tag;
}

function readPackageLocation(place: Place, type: DeploymentType | undefined): string | undefined {
  const text = place.text();
  if (text === undefined) return undefined;
  if (type === 'helm') return place.fault('wrong-place', 'is for compose components only');
  if (!/^(https?|oci):\/\/[^\s/]+\/\S+$/.test(text) || !URL.canParse(text))
    return place.fault('bad-location', 'must be an address of https:// or oci://');
  place.warn('old-form', 'is the form of PR1; write repository and revision');
  return text;
}

function readTimeout(place: Place): string | undefined {
  if (!place.present) return undefined;
  const text = place.written();
  const duration = text === undefined ? undefined : readDuration(text);
  if (!duration || duration.milliseconds === 0)
    return place.fault('bad-timeout', 'must be a time such as 5m0s, more than none');
  const standard = writeDuration(duration.milliseconds);
  if (!duration.standard)
    place.warn('nonstandard-timeout', `is read as ${standard}; the standard writes minutes and seconds`);
  return duration.standard ? text : standard;
}
