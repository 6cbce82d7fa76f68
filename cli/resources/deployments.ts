import type { DeploymentAnswer } from '../../vendors/operator/answers.js';
import { age } from '../duration.js';
import { type Kind, shortId } from './kind.js';

export type DeploymentItem = DeploymentAnswer;

export const deployments: Kind<DeploymentItem, 'deployments'> = {
  plural: 'deployments',
  singular: 'deployment',
  aliases: ['instances', 'instance', 'app-deployments'],
  list: (client, page) => client.listDeployments(page),
  get: (client, id) => client.getDeployment({ id }),
  remove: (client, id, force) => client.deleteDeployment({ id, force }),
  columns: (now) => [
    { head: 'ID', value: ({ id }) => shortId(id) },
    { head: 'NAME', value: ({ metadata }) => metadata.name },
    { head: 'VERSION', value: ({ spec }) => spec.version },
    { head: 'DEVICE', value: ({ spec }) => shortId(spec.deviceRef.id) },
    { head: 'STATE', value: ({ status }) => status.state },
    { head: 'AGE', value: ({ metadata }) => age(metadata.creationTimestamp, now) },
    { head: 'APPLICATION', wide: true, value: ({ spec }) => spec.applicationId },
    { head: 'PROFILE', wide: true, value: ({ spec }) => spec.deploymentProfile.id },
    { head: 'NAMESPACE', wide: true, value: ({ metadata }) => metadata.namespace },
    { head: 'REPORTED', wide: true, value: ({ status }) => age(status.lastReportTime, now) },
    { head: 'MESSAGE', wide: true, value: troubleOf },
  ],
  describe: (item, now) => {
    const { metadata, spec, status, recentOperation } = item;
    return [
      ['Name', metadata.name],
      ['ID', item.id],
      ['Namespace', metadata.namespace],
      ['State', status.state],
      ['Operation', `${recentOperation.op} ${recentOperation.status}`],
      ['Application', `${spec.applicationId} ${spec.version}`],
      ['Package', spec.appPackageRef.id],
      ['Profile', spec.deploymentProfile.id],
      ['Device', spec.deviceRef.id],
      ['Age', age(metadata.creationTimestamp, now)],
      ['Reported', status.lastReportTime === undefined ? 'never' : `${age(status.lastReportTime, now)} ago`],
      ['Error', status.error && errorLine(status.error)],
      ['Labels', Object.entries(metadata.labels).map(([name, value]) => `${name} = ${value}`)],
      ['Parameters', Object.entries(spec.parameters).map(([name, value]) => `${name} = ${JSON.stringify(value)}`)],
      [
        'Components',
        status.components.map(({ name, state, error }) => `${name}: ${state}${error ? `: ${errorLine(error)}` : ''}`),
      ],
    ];
  },
  next: ({ id }) => `tutti describe deployment ${shortId(id)}`,
};

/** Why a deployment is not well, in one line; empty when nothing is known to be wrong. */
export function troubleOf({ status }: DeploymentItem): string {
  const { error, components } = status;
  if (error) return errorLine(error);
  const [first] = components.flatMap(({ name, error }) => (error ? [`${name}: ${errorLine(error)}`] : []));
  return first ?? '';
}

function errorLine({ code, message }: NonNullable<DeploymentItem['status']['error']>): string {
  return `${message} (${code})`;
}
