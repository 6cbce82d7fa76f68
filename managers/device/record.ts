import { collection } from '../../core/ports/index.js';
import type { DeviceCapabilities, SignedForm } from '../margo/index.js';
import type { DeviceRecord } from './index.js';

/** The younger form, for a device that has not shown yet what it speaks. */
const defaultForm: SignedForm = 'D2';

/** The form to answer a device in. */
export function formOf({ setForm, spokenForm }: Pick<DeviceRecord, 'setForm' | 'spokenForm'>): SignedForm {
  return setForm ?? spokenForm ?? defaultForm;
}

export const devices = collection<DeviceRecord>('devices', {
  state: (device) => [device.state],
  name: (device) => [device.name],
  label: (device) => (device.state === 'ONBOARDED' ? Object.values(device.capabilities).flatMap(labelEntries) : []),
});

/** Under the certificate's fingerprint: makes the same certificate always the same client, whoever comes first. */
export const fingerprints = collection<{ readonly clientId: string }>('device-fingerprints');

/** Apart from the record, so that a sign of life is no change of the device. Milliseconds since the epoch. */
export const sightings = collection<{ readonly at: number }>('device-sightings');

/** In JSON, whatever characters a device has put into its labels can be indexed. */
export function labelEntry(key: string, value: string): string {
  return JSON.stringify([key, value]);
}

function labelEntries({ labels }: DeviceCapabilities): string[] {
  return Object.entries(labels).flatMap(([key, value]) =>
    (Array.isArray(value) ? value : [value]).map((one) => labelEntry(key, String(one))),
  );
}
