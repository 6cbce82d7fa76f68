import { z } from 'zod';
import type { FieldFault } from '../../../core/operation/index.js';
import type { DeploymentState, Json, ReportedError, StatusReport } from '../../../core/ports/index.js';
import { fieldFaults } from '../document/fields.js';
import { named } from '../document/place.js';

export type StatusReading =
  | {
      readonly outcome: 'ok';
      readonly report: StatusReport;
      /** The child device that it is about, when it is about one. */
      readonly deviceId?: string;
      readonly adoptedManifestVersion?: number;
    }
  /** Not such a document at all: 400. */
  | { readonly outcome: 'unreadable'; readonly faults: readonly FieldFault[] }
  /** Readable but wrong: 422. */
  | { readonly outcome: 'invalid'; readonly faults: readonly FieldFault[] };

/** Most severe first (section "Deployment Status"). */
const bySeverity = ['failed', 'removing', 'installing', 'pending', 'removed', 'installed'] as const;

const text = z.string().max(64 * 1024);
const state = z.preprocess(
  (value) => (typeof value === 'string' ? value.toLowerCase() : value),
  z.enum(bySeverity, `must be one of ${bySeverity.join(', ')}`),
);
/** PR1 has no `source`; examples send the object with empty texts for "no error". */
const error = z
  .looseObject({ code: text.nullish(), source: text.nullish(), message: text.nullish() })
  .nullish()
  .transform((value): ReportedError | undefined => {
    const { code, source, message } = value ?? {};
    return code || message ? { code: code ?? '', source: source ?? '', message: message ?? '' } : undefined;
  });

const statusSchema = z.looseObject({
  apiVersion: z.string().nullish(),
  kind: z.literal('DeploymentStatusManifest', 'must be DeploymentStatusManifest').nullish(),
  deploymentId: z.string().min(1, 'must not be empty').max(200),
  deviceId: z.string().max(1024).nullish(),
  adoptedManifestVersion: z.int().min(1).nullish(),
  status: z.looseObject({ state, error }),
  components: z
    .array(z.looseObject({ name: z.string().min(1, 'must not be empty').max(200), state, error }))
    .max(1000)
    .nullish(),
});

/**
 * Reads a DeploymentStatusManifest (section "Deployment Status") of any form from parsed JSON.
 *
 * @param deploymentId the id that the request's address names; the document's must be the same
 */
export function readStatus(document: unknown, deploymentId?: string): StatusReading {
  if (document === null || typeof document !== 'object' || Array.isArray(document))
    return { outcome: 'unreadable', faults: [{ field: '', message: `must be an object, not ${named(document)}` }] };
  const parsed = statusSchema.safeParse(document);
  if (!parsed.success) return { outcome: 'invalid', faults: fieldFaults(parsed.error.issues) };
  const { data } = parsed;
  const faults: FieldFault[] = [];
  if (deploymentId !== undefined && data.deploymentId !== deploymentId)
    faults.push({ field: 'deploymentId', message: `must be ${deploymentId}, as the address says` });
  const names = (data.components ?? []).map(({ name }) => name);
  for (const [index, name] of names.entries())
    if (names.indexOf(name) !== index)
      faults.push({ field: `components.${index}.name`, message: `is reported twice: "${name}"` });
  if (faults.length > 0) return { outcome: 'invalid', faults };
  return {
    outcome: 'ok',
    report: {
      deploymentId: data.deploymentId,
      ...withError(data.status),
      components: (data.components ?? []).map((component) => ({ name: component.name, ...withError(component) })),
    },
    ...(data.deviceId && { deviceId: data.deviceId }),
    ...(data.adoptedManifestVersion && { adoptedManifestVersion: data.adoptedManifestVersion }),
  };
}

function withError(of: { readonly state: DeploymentState; readonly error?: ReportedError | undefined }): {
  readonly state: DeploymentState;
  readonly error?: ReportedError;
} {
  return { state: of.state, ...(of.error && { error: of.error }) };
}

/** The most severe state: `failed > removing > installing > pending > removed > installed`. None: `pending`. */
export function overallState(states: Iterable<DeploymentState>): DeploymentState {
  const all = new Set(states);
  return bySeverity.find((candidate) => all.has(candidate)) ?? 'pending';
}

/** The document that an agent sends. */
export function statusDocument(report: StatusReport): Readonly<Record<string, Json>> {
  return {
    apiVersion: 'deployment.margo.org/v1alpha1',
    kind: 'DeploymentStatusManifest',
    deploymentId: report.deploymentId,
    status: stateDocument(report),
    components: report.components.map((component) => ({ name: component.name, ...stateDocument(component) })),
  };
}

function stateDocument({
  state: reached,
  error: reported,
}: Pick<StatusReport, 'state' | 'error'>): Record<string, Json> {
  if (!reported) return { state: reached };
  const { code, source, message } = reported;
  return { state: reached, error: { code, source, message } };
}
