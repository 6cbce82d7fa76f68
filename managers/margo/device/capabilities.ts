import type { z } from 'zod';
import type { FieldFault } from '../../../core/operation/index.js';
import type { Json } from '../../../core/ports/index.js';
import type { DeploymentType, JsonObject } from '../application/description.js';
import { fieldFaults } from '../document/fields.js';
import { named } from '../document/place.js';
import type { SignedForm } from '../forms.js';
import { isFirstForm, isObject, normalProperties } from './normalise.js';
import { documentSchema, propertiesSchema, requiredInFirstForm } from './schema.js';

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
export function readCapabilities(document: unknown, options: ReadCapabilitiesOptions = {}): CapabilitiesReading {
  if (!isObject(document))
    return { outcome: 'unreadable', faults: [{ field: '', message: `must be an object, not ${named(document)}` }] };
  const envelope = documentSchema.safeParse(document);
  const faults = envelope.success ? [] : fieldFaults(envelope.error.issues);
  const reported = document['properties'];
  if (!isObject(reported)) {
    const message = reported === undefined ? 'is missing' : `must be an object, not ${named(reported)}`;
    return { outcome: 'invalid', faults: [...faults, { field: 'properties', message }] };
  }
  const first = isFirstForm(reported);
  const normal = normalProperties(reported);
  const parsed = propertiesSchema(options.unknownValues === 'custom').safeParse(normal);
  if (!parsed.success) {
    const issues = parsed.error.issues.map((issue) => ({ ...issue, path: reportedPath(issue.path, reported) }));
    faults.push(...fieldFaults(issues));
  }
  for (const key of first ? requiredInFirstForm : [])
    if (!(key in normal)) faults.push({ field: reportedPath([key], reported).join('.'), message: 'is missing' });
  if (faults.length > 0 || !parsed.success || !envelope.success) return { outcome: 'invalid', faults };
  const capabilities = fromProperties(parsed.data, envelope.data.labels ?? {}, document as JsonObject);
  return { outcome: 'ok', capabilities, form: first ? 'D1' : 'D2' };
}

type Properties = z.output<ReturnType<typeof propertiesSchema>>;

function fromProperties(
  properties: Properties,
  labels: DeviceCapabilities['labels'],
  raw: JsonObject,
): DeviceCapabilities {
  const plain = JSON.parse(JSON.stringify(properties)) as JsonObject & Properties;
  const { id, vendor, modelNumber, serialNumber, memory, storage, otelCollector, roles } = plain;
  return {
    ...{ id, vendor, modelNumber, serialNumber },
    cpus: (plain.cpus ?? []) as readonly Cpu[],
    ...(memory !== undefined && { memory }),
    ...(storage !== undefined && { storage }),
    peripherals: (plain.peripherals ?? []) as readonly Peripheral[],
    interfaces: plain.interfaces ?? [],
    ...(otelCollector !== undefined && { otelCollector }),
    runtimes: plain.supportedRuntimes ?? (roles ? ['oci'] : []),
    deploymentTypes: (plain.supportedDeploymentTypes ?? typesOf(roles ?? [])) as readonly DeploymentType[],
    ...(roles && { roles }),
    labels,
    properties: plain,
    raw,
  };
}

/** PR1 has no deployment types: clusters take helm, devices take compose, gateways host nothing. */
function typesOf(roles: readonly string[]): DeploymentType[] {
  const cluster = roles.includes('Standalone Cluster') || roles.includes('Cluster Leader');
  return [
    ...(cluster ? (['helm'] as const) : []),
    ...(roles.includes('Standalone Device') ? (['compose'] as const) : []),
  ];
}

/** Where a normalised property stood in the document that was sent, or should have. */
function reportedPath(path: readonly PropertyKey[], reported: Readonly<Record<string, unknown>>): string[] {
  const [key = '', ...rest] = path.map(String);
  const isResource = ['cpus', 'memory', 'storage', 'peripherals', 'interfaces'].includes(key);
  const below = isResource && isFirstForm(reported) && !(key in reported) && !(key === 'cpus' && 'cpu' in reported);
  const resources = reported['resources'];
  const home = below && isObject(resources) ? resources : reported;
  const prefix = below ? ['properties', 'resources'] : ['properties'];
  if (key !== 'cpus' || 'cpus' in home) return [...prefix, key, ...rest].filter((part) => part !== '');
  // One `cpu`, or a list of that name, was reported where there are `cpus` now.
  return [...prefix, 'cpu', ...(Array.isArray(home['cpu']) ? rest : rest.slice(1))];
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
export function capabilitiesDocument(device: CapabilitiesToReport, form: SignedForm): Readonly<Record<string, Json>> {
  const { id, vendor, modelNumber, serialNumber, memory, storage } = device;
  const cpus = device.cpus.map((cpu) => ({ ...cpu }));
  const peripherals = (device.peripherals ?? []).map((peripheral) => ({ ...peripheral }));
  const interfaces = (device.interfaces ?? []).map((network) => ({ ...network }));
  const identity = { id, vendor, modelNumber, serialNumber };
  const envelope = { apiVersion: 'device.margo.org/v1alpha1', kind: 'DeviceCapabilitiesManifest' };
  if (form === 'D1') {
    const cpu = cpus[0] ?? { cores: 1 };
    const resources = { cpu, memory, storage, peripherals, interfaces };
    return { ...envelope, properties: { ...identity, roles: device.roles ?? ['Standalone Device'], resources } };
  }
  return {
    ...envelope,
    properties: {
      ...identity,
      ...{ cpus, memory, storage, peripherals, interfaces },
      otelCollector: device.otelCollector ?? false,
      supportedRuntimes: device.runtimes,
      supportedDeploymentTypes: device.deploymentTypes,
    },
    ...(device.labels && { labels: device.labels }),
  };
}
