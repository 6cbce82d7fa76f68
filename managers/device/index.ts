import type { VerificationKey } from '../../core/identity/index.js';
import { type EventType, eventType, ref } from '../../core/ports/index.js';
import type { DeviceCapabilities, SignedForm } from '../margo/index.js';
import type { DeviceLine } from './presence.js';

export type { DeviceLine };

export type OnboardingState = 'PENDING' | 'ONBOARDED' | 'REJECTED' | 'REVOKED';

/** One client of the WFM: an identity, and the devices whose capabilities it reported. */
export interface DeviceRecord {
  /** `clientId` of the standard: given on onboarding, stable for one certificate. */
  readonly id: string;
  /** Subject common name of the certificate, for a person. */
  readonly name: string;
  /** SHA-256 of the certificate's DER, hex. */
  readonly fingerprint: string;
  readonly certificate: string;
  readonly state: OnboardingState;
  /** As reported: by device id, the client's own first. */
  readonly capabilities: Readonly<Record<string, DeviceCapabilities>>;
  /** What the device showed it speaks; `undefined` before its first capabilities. */
  readonly spokenForm?: SignedForm;
  /** What the operator set; wins over what it speaks. */
  readonly setForm?: SignedForm;
  readonly createdAt: number;
  readonly updatedAt: number;
}

export interface DeviceQuery {
  readonly limit?: number;
  readonly after?: string;
  readonly state?: OnboardingState;
  /** Only onboarded ones that reported this label: its value, or one of its values, as text. Not with `state`. */
  readonly label?: { readonly key: string; readonly value: string };
  /** Only those with this name. Not with `state` or `label`. */
  readonly name?: string;
}

export interface DevicePage {
  readonly items: readonly DeviceRecord[];
  readonly next?: string;
  readonly total: number;
}

export type OnboardingPolicy = 'ca' | 'approve' | 'open';

/** Told for others; whatever must follow a device {@link DeviceManager.follow follows} it. */
export const DeviceChanged: EventType<{ readonly id: string }> = eventType('device.changed');

/** Who a device is, what it can do, when it was last seen. */
export interface DeviceManager {
  readonly policy: OnboardingPolicy;
  /**
   * Takes a certificate under the onboarding policy. The same certificate again gives the same record.
   * @param certificate in any of the forms that clients send (see core/identity parseCertificate)
   * @throws Problem 400 for an unreadable, expired or unsupported certificate; 403 when the policy refuses it;
   * 429 when no more devices are taken, or no more that wait for approval
   */
  onboard(certificate: string): Promise<DeviceRecord>;
  /** @throws Problem 404 */
  get(id: string): Promise<DeviceRecord>;
  list(query: DeviceQuery): Promise<DevicePage>;
  /** Operator's decisions; repeating one changes nothing. @throws Problem 404, 409 */
  approve(id: string): Promise<DeviceRecord>;
  reject(id: string): Promise<DeviceRecord>;
  /** Credentials are refused from now on; the record stays. */
  revoke(id: string): Promise<DeviceRecord>;
  /** Forgets the device: its certificate may onboard anew. @throws Problem 404 */
  remove(id: string): Promise<void>;
  /** @throws Problem 404 */
  setForm(id: string, form: SignedForm | undefined): Promise<DeviceRecord>;
  /**
   * Takes what a client says of one of its devices. The same again changes nothing.
   * @returns whether the device was new
   * @throws Problem 404 for an unknown client, or for a device below one that was not reported (`gw/a` before `gw`)
   */
  reportCapabilities(id: string, capabilities: DeviceCapabilities, form: SignedForm): Promise<boolean>;
  /** Those of the devices below go with it. @throws Problem 404 */
  withdrawCapabilities(id: string, deviceId: string): Promise<void>;
  /** The form to answer in. */
  formOf(record: DeviceRecord): SignedForm;
  /** The same from memory, by id; `undefined` for an unknown device. */
  knownForm(id: string): SignedForm | undefined;
  /**
   * Tells of each device that from now on has another form, may use its credentials no more or again, or is gone,
   * whichever host on the store has made it so: what the store says is followed, so that nothing is missed when the other
   * host dies. May tell of one twice.
   * @returns ends it
   */
  follow(changed: (id: string) => void): () => void;
  /**
   * From memory, for the signature check of every request.
   * @returns the key of an onboarded device, why it may not be used, or `undefined` for an unknown id
   */
  keyOf(id: string): { readonly key: VerificationKey } | { readonly refused: string } | undefined;
  /** Notes a sign of life; kept in memory and written now and then. */
  seen(id: string): void;
  /** Milliseconds since the epoch; `undefined` if never since it was onboarded. By another host up to a minute ago. */
  lastSeen(id: string): number | undefined;
  /**
   * Whose certificate it is, from memory; {@link keyOf} says whether it may be used.
   * @param der of a certificate that its owner has proven to have the key of
   */
  byCertificate(der: Uint8Array): string | undefined;
  /** Ids of the onboarded devices whose certificates have this common name, from memory: nobody keeps two from having the same. */
  byName(name: string): readonly string[];
  /** Notes that a device holds a line open to this host. Its end is a sign of life. */
  connect(id: string): DeviceLine;
  /**
   * Whether a device holds a line open to this host, or to another on the same store. One to a host that died counts until
   * the device is connected to another, or for half a minute.
   */
  connected(id: string): boolean;
}

export const DeviceManager = ref<DeviceManager>('manager.device');
