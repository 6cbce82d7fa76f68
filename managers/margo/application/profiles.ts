import type { Place } from '../document/place.js';
import { readComponents } from './components.js';
import { readConstraints } from './constraints.js';
import type { DeploymentProfile, DeploymentType, JsonObject } from './description.js';

const types: Readonly<Record<string, DeploymentType>> = {
  helm: 'helm',
  compose: 'compose',
  custom: 'custom',
  'helm.v3': 'helm',
  'helm.v4': 'helm',
  'docker-compose': 'compose',
};

/** `deploymentProfiles`; ids that D1 did not have yet are made from the types. */
export function readProfiles(list: Place): DeploymentProfile[] {
  if (!list.present) list.missing('fault');
  else if (Array.isArray(list.value) && list.value.length === 0)
    list.missing('fault', 'is empty; an application needs a deployment profile');
  const ids = new Set<string>();
  return list.items().flatMap((place) => {
    if (!place.element()) return [];
    place.only(['type', 'id', 'description', 'components', 'deviceConstraints', 'requiredResources']);
    const type = readType(place.at('type'));
    const id = readId(place.at('id'), type, ids);
    const description = place.at('description').text('warn');
    const components = readComponents(place.at('components'), type);
    const deviceConstraints = readConstraints(place);
    if (type === undefined) return [];
    if (type === 'custom' && !hasLabelSelector(deviceConstraints))
      place.warn('custom-without-labels', 'is custom and must have an eligibility rule with a label selector');
    const optional = {
      ...(description !== undefined && { description }),
      ...(deviceConstraints && { deviceConstraints }),
    };
    return [{ id, type, ...optional, components, extensions: place.extensions() }];
  });
}

/** `helm`, `compose` or `custom`; names of older papers are understood. */
export function readType(place: Place, old: 'warn' | 'silent' = 'warn'): DeploymentType | undefined {
  const text = place.present ? place.text() : place.missing('fault');
  if (text === undefined) return undefined;
  const type = Object.hasOwn(types, text) ? types[text] : undefined;
  if (type === undefined) return place.fault('bad-type', `must be helm, compose or custom, not "${text}"`);
  if (type !== text && old === 'warn') place.warn('old-profile-type', `"${text}" is an old name; write "${type}"`);
  return type;
}

function readId(place: Place, type: string | undefined, taken: Set<string>): string {
  let id = place.text();
  if (id === undefined || id === '') {
    if (!place.present) place.missing('warn');
    const base = type ?? 'profile';
    id = base;
    for (let number = 2; taken.has(id); number += 1) id = `${base}-${number}`;
  } else if (taken.has(id)) place.fault('duplicate', `is the id of another profile too: "${id}"`);
  taken.add(id);
  return id;
}

function hasLabelSelector(constraints: JsonObject | undefined): boolean {
  const rules = constraints?.['eligibilityRules'];
  return (
    Array.isArray(rules) && rules.some((rule) => rule !== null && typeof rule === 'object' && 'labelSelector' in rule)
  );
}
