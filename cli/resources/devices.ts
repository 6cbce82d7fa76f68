import type { Json } from '../../core/ports/state.js';
import type { DeviceAnswer } from '../../vendors/operator/answers.js';
import { age } from '../duration.js';
import { type Kind, shortId } from './kind.js';

export type DeviceItem = DeviceAnswer;

export const devices: Kind<DeviceItem, 'devices'> = {
  plural: 'devices',
  singular: 'device',
  aliases: ['dev'],
  list: (client, { limit, continue: next, appPackageId, name }) =>
    client.listDevices({ limit, continue: next, appPackageId, name }),
  get: (client, id, { appPackageId }) => client.getDevice({ id, appPackageId }),
  remove: (client, id) => client.deleteDevice({ id }),
  columns: (now) => [
    { head: 'ID', value: ({ id }) => shortId(id) },
    { head: 'NAME', value: ({ metadata }) => metadata.name },
    { head: 'STATE', value: ({ state }) => state.approval },
    { head: 'SEEN', value: ({ state }) => age(state.lastSeen, now) },
    { head: 'AGE', value: ({ metadata }) => age(metadata.creationTimestamp, now) },
    { head: 'FORM', wide: true, value: ({ spec }) => spec.form },
    { head: 'FINGERPRINT', wide: true, value: ({ spec }) => spec.fingerprint.slice(0, 16) },
  ],
  describe: ({ id, metadata, state, spec, eligible, reasons }, now) => [
    ['Name', metadata.name],
    ['ID', id],
    ['State', state.approval],
    ['Seen', state.lastSeen === undefined ? 'never' : `${age(state.lastSeen, now)} ago`],
    ['Age', age(metadata.creationTimestamp, now)],
    ['Form', spec.form],
    ['Fingerprint', spec.fingerprint],
    ['Eligible', eligible === 'unknown' ? undefined : eligible],
    ['Why not', reasons],
    ['Labels', spec.capabilities.flatMap(({ labels }) => propertyLines(labels))],
    ['Capabilities', spec.capabilities.flatMap(({ properties }) => propertyLines(properties))],
  ],
  next: ({ id, state }) =>
    state.approval === 'PENDING' ? `tutti approve device ${shortId(id)}` : 'tutti apply -f deployment.yaml --wait',
};

/** Columns that only an asked-for eligibility makes sense of. */
export const eligibility: ReturnType<Kind<DeviceItem>['columns']> = [
  { head: 'ELIGIBLE', value: ({ eligible }) => eligible },
  { head: 'WHY NOT', wide: true, value: ({ reasons }) => reasons.join('; ') },
];

/** Of an object in what a device reported; of anything else there are none. */
function propertyLines(properties: Json | undefined): string[] {
  if (typeof properties !== 'object' || properties === null || Array.isArray(properties)) return [];
  return Object.entries(properties).flatMap(([name, value]) =>
    Array.isArray(value)
      ? [`${name}:`, ...value.map((item) => `  - ${flat(item)}`)]
      : [`${name}: ${typeof value === 'object' && value !== null ? flat(value) : String(value)}`],
  );
}

function flat(value: unknown): string {
  if (typeof value !== 'object' || value === null) return String(value);
  if (Array.isArray(value)) return value.map(flat).join(', ');
  return Object.entries(value)
    .map(([name, item]) => `${name} ${flat(item)}`)
    .join(', ');
}
