import type { Json } from '../../../../core/plugin/index.js';
import type { Login } from '../../../shared/logins/index.js';
import type { K3sConfig } from '../config.js';
import type { ApplyRequest } from '../driver.js';
import type { KubernetesObject } from '../kubernetes.js';
import { pullSecret } from '../pull-secret.js';
import { otlpVariables } from '../variables.js';
import { type ChartReference, chartReference } from './chart-reference.js';
import { releaseName } from './release-name.js';
import { type Addition, type Values, valuesOf, withAdditions } from './values.js';

/** All that either way of Helm needs to know of a component. */
export interface Prepared {
  readonly release: string;
  readonly chart: ChartReference;
  readonly values: Values;
  /**
   * Logins for the pods' images, in the namespace of the release; nothing where there are none. All that we know, for which
   * images a chart has is not known before Helm has rendered it.
   */
  readonly pullSecret?: KubernetesObject;
}

/** @throws TargetFault `invalid` */
export function prepare(
  { application, component, namespace }: ApplyRequest,
  config: Pick<K3sConfig, 'owner' | 'helm' | 'otlp'>,
  logins: readonly Login[],
): Prepared {
  const release = releaseName(config.owner, application.id, component.name);
  const name = pullSecretName(release);
  const additions = [
    ...otlpAdditions(config),
    ...(logins.length === 0 ? [] : config.helm.pullSecrets.map(({ values, form }) => pullAddition(values, form, name))),
  ];
  return {
    release,
    chart: chartReference(component),
    values: withAdditions(valuesOf(component.parameters), additions),
    ...(logins.length > 0 && {
      pullSecret: pullSecret(
        { mark: { owner: config.owner, application, component: component.name }, name, namespace },
        logins,
      ),
    }),
  };
}

function pullSecretName(release: string): string {
  return `${release}-pull`;
}

function pullAddition(pointer: string, form: 'objects' | 'names', name: string): Addition {
  return { pointer, value: [form === 'names' ? name : { name }] };
}

/** The collector's endpoints where the profile says that charts take them. */
function otlpAdditions({ helm, otlp }: Pick<K3sConfig, 'helm' | 'otlp'>): Addition[] {
  const variables = otlpVariables(otlp);
  const list: readonly Json[] = Object.entries(variables).map(([name, value]) => ({ name, value }));
  if (list.length === 0) return [];
  return helm.otlp.map(({ values, form }) => ({ pointer: values, value: form === 'list' ? list : variables }));
}
