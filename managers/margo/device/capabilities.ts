import type { FieldFault } from '../../../core/operation/index.js';
import type { Json } from '../../../core/ports/index.js';
import type { DeploymentType, JsonObject } from '../application/description.js';
import type { SignedForm } from '../forms.js';

export interface Cpu {
  readonly cores: number;
  readonly architecture?: string;
}
export interface Peripheral {
  readonly type: string;
  readonly manufacturer?: string;
  readonly model?: string;
}
export interface NetworkInterface {
  readonly type: string;
}
export type LabelValue = string | number | boolean | readonly string[] | readonly number[];

/** What a device says of itself, in one form whatever dialect it speaks. Plain JSON: it can be stored as it is. */
export interface DeviceCapabilities {
  readonly id: string;
  readonly vendor: string;
  readonly modelNumber: string;
  readonly serialNumber: string;
  readonly cpus: readonly Cpu[];
  /** As reported (`59 Gi`); readable by {@link quantityBytes}. Absent for a device that hosts nothing. */
  readonly memory?: string;
  readonly storage?: string;
  readonly peripherals: readonly Peripheral[];
  readonly interfaces: readonly NetworkInterface[];
  readonly otelCollector?: boolean;
  readonly runtimes: readonly string[];
  readonly deploymentTypes: readonly DeploymentType[];
  /** D1 only. */
  readonly roles?: readonly string[];
  readonly labels: Readonly<Record<string, LabelValue>>;
  /** `properties` in D3 names whatever the form: what property selectors point into. */
  readonly properties: JsonObject;
  /** The document as received. */
  readonly raw: JsonObject;
}

export type CapabilitiesReading =
  | { readonly outcome: 'ok'; readonly capabilities: DeviceCapabilities; readonly form: SignedForm }
  /** Not such a document at all: 400. */
  | { readonly outcome: 'unreadable'; readonly faults: readonly FieldFault[] }
  /** Readable but wrong: 422. */
  | { readonly outcome: 'invalid'; readonly faults: readonly FieldFault[] };

export interface ReadCapabilitiesOptions {
  /** What happens to values outside the standard's closed lists. Default `refuse`; `custom` maps runtimes and types to `custom`. */
  readonly unknownValues?: 'refuse' | 'custom';
}

/** Reads a DeviceCapabilitiesManifest (section "Device Capabilities") of any form from parsed JSON. */
export function readCapabilities(_document: unknown, _options: ReadCapabilitiesOptions = {}): CapabilitiesReading {
  throw new Error('not written yet');
}

/** What an agent knows of its device; `TargetFacts` fit in. */
export interface CapabilitiesToReport {
  readonly id: string;
  readonly vendor: string;
  readonly modelNumber: string;
  readonly serialNumber: string;
  readonly cpus: readonly Cpu[];
  readonly memory: string;
  readonly storage: string;
  readonly peripherals?: readonly Peripheral[];
  readonly interfaces?: readonly NetworkInterface[];
  readonly otelCollector?: boolean;
  readonly runtimes: readonly string[];
  readonly deploymentTypes: readonly string[];
  /** D1. Default `Standalone Device`. */
  readonly roles?: readonly string[];
  readonly labels?: Readonly<Record<string, LabelValue>>;
}

/** The document that an agent sends. */
export function capabilitiesDocument(_device: CapabilitiesToReport, _form: SignedForm): Readonly<Record<string, Json>> {
  throw new Error('not written yet');
}
