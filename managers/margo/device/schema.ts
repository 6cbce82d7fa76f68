import { z } from 'zod';
import { quantityBytes } from '../quantity.js';

/** Section "Device Capabilities", after {@link normalProperties}; the union of what all stages allow. */
export const deviceIdPattern = /^[A-Za-z0-9._~-]+(\/[A-Za-z0-9._~-]+)*$/;
const architectures = ['amd64', 'arm64', 'arm', 'x86_64', 'riscv64', 'other'] as const;
const peripherals = ['gpu', 'display', 'camera', 'microphone', 'speaker'] as const;
const interfaces = ['ethernet', 'wifi', 'cellular', 'bluetooth', 'usb', 'canbus', 'rs232'] as const;
const roles = ['Standalone Cluster', 'Cluster Leader', 'Standalone Device', 'Gateway'] as const;
const runtimes = ['oci', 'custom'] as const;
const deploymentTypes = ['helm', 'compose', 'custom'] as const;

const text = z.string().min(1, 'must not be empty').max(1024);
const quantity = z
  .string()
  .refine((value) => quantityBytes(value) !== undefined, 'must be a quantity such as 512Mi or 59 Gi');
const list = <T extends z.ZodType>(of: T) => z.array(of).max(1000);

export const labelValue = z.union([z.string(), z.number(), z.boolean(), z.array(z.string()), z.array(z.number())], {
  error: 'must be text, a number, true, false, or a list of texts or of numbers',
});

/** Old papers write `X86_64` and `GPU`; the meaning is the same. */
const word = <const T extends readonly [string, ...string[]]>(values: T) =>
  z.preprocess((value) => (typeof value === 'string' ? value.toLowerCase() : value), z.enum(values));

/** @param open whether unknown runtimes and deployment types count as `custom` instead of as faults */
export function propertiesSchema(open: boolean) {
  const closedOr = (values: readonly [string, ...string[]]): z.ZodType<string> =>
    open ? z.string().transform((value) => (values.includes(value) ? value : 'custom')) : z.enum(values);
  const deploymentType = z.preprocess((value) => (value === 'helm.v3' ? 'helm' : value), closedOr(deploymentTypes));
  const peripheral = z.looseObject({
    type: word(peripherals),
    manufacturer: z.string().optional(),
    model: z.string().optional(),
  });
  return z.looseObject({
    id: text.regex(deviceIdPattern, 'must be letters, digits, ".", "_", "~", "-", in parts separated by "/"'),
    vendor: text,
    modelNumber: text,
    serialNumber: text,
    cpus: list(
      z.looseObject({ cores: z.number().positive(), architecture: word(architectures).optional() }),
    ).optional(),
    memory: quantity.optional(),
    storage: quantity.optional(),
    peripherals: list(peripheral).optional(),
    interfaces: list(z.looseObject({ type: word(interfaces) })).optional(),
    otelCollector: z.boolean().optional(),
    supportedRuntimes: list(closedOr(runtimes)).min(1).optional(),
    supportedDeploymentTypes: list(deploymentType).min(1).optional(),
    roles: list(z.enum(roles)).min(1).optional(),
  });
}

/** What PR1 requires; later forms leave it out for a device that hosts nothing. */
export const requiredInFirstForm = ['roles', 'cpus', 'memory', 'storage'] as const;

export const documentSchema = z.looseObject({
  apiVersion: z.string().nullish(),
  kind: z.enum(['DeviceCapabilitiesManifest', 'DeviceCapabilities'], 'must be DeviceCapabilitiesManifest').nullish(),
  labels: z.record(z.string(), labelValue).nullish(),
});
