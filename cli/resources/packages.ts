import type { PackageAnswer } from '../../vendors/operator/answers.js';
import { age } from '../duration.js';
import { type Kind, shortId } from './kind.js';

export type PackageItem = PackageAnswer;

export const packages: Kind<PackageItem, 'packages'> = {
  plural: 'packages',
  singular: 'package',
  aliases: ['pkg', 'app-packages'],
  list: (client, { limit, continue: next, name }) => client.listPackages({ limit, continue: next, name }),
  get: (client, id) => client.getPackage({ id }),
  remove: (client, id, force) => client.deletePackage({ id, force }),
  columns: (now) => [
    { head: 'ID', value: ({ id }) => shortId(id) },
    { head: 'NAME', value: ({ metadata }) => metadata.name },
    { head: 'APPLICATION', value: ({ application }) => application?.id ?? '-' },
    { head: 'VERSION', value: ({ application }) => application?.version ?? '-' },
    { head: 'STATE', value: ({ status }) => status.state },
    { head: 'WARNINGS', value: ({ status }) => String(status.warnings.length) },
    { head: 'SCAN', wide: true, value: ({ upstream }) => scanText(upstream?.scan) ?? '-' },
    { head: 'AGE', value: ({ metadata }) => age(metadata.creationTimestamp, now) },
    { head: 'SOURCE', wide: true, value: sourceOf },
    { head: 'MESSAGE', wide: true, value: ({ status }) => status.contextualInfo?.message ?? '' },
  ],
  describe: (item, now) => {
    const { application, status, metadata } = item;
    return [
      ['Name', metadata.name],
      ['ID', item.id],
      ['State', status.state],
      ['Why', status.contextualInfo?.message],
      ['Application', application && `${application.name} (${application.id}) ${application.version}`],
      ['About', application?.description],
      ['Source', sourceOf(item)],
      ['Digest', item.digest],
      [
        'In registry',
        item.upstream && !item.upstream.there ? 'no: it was deleted there, and devices cannot pull it' : undefined,
      ],
      ['Scan', scanText(item.upstream?.scan)],
      ['Age', age(metadata.creationTimestamp, now)],
      [
        'Profiles',
        application?.profiles.map(({ id, type, components }) => `${id} (${type}): ${components.join(', ')}`),
      ],
      [
        'Parameters',
        application &&
          Object.entries(application.parameters).map(([name, value]) => `${name} = ${JSON.stringify(value)}`),
      ],
      ['Faults', status.faults.map(findingLine)],
      ['Warnings', status.warnings.map(findingLine)],
    ];
  },
  next: ({ id, status }) =>
    status.state === 'FAILED'
      ? `tutti describe package ${shortId(id)}`
      : `tutti get devices --package ${shortId(id)} -o wide`,
};

/** `High: 5 of which 3 can be fixed (2 High, 3 Low), by Trivy v0.50`. */
export function scanText(scan: NonNullable<PackageItem['upstream']>['scan']): string | undefined {
  if (!scan) return undefined;
  const { status, severity, vulnerabilities, scanner } = scan;
  if (status !== 'succeeded' || !vulnerabilities) return status;
  const { total, fixable, bySeverity } = vulnerabilities;
  const kinds = Object.entries(bySeverity).map(([kind, count]) => `${count} ${kind}`);
  const found = total === 0 ? 'nothing found' : `${total} found, ${fixable} can be fixed (${kinds.join(', ')})`;
  return `${severity ?? 'unknown'}: ${found}${scanner === undefined ? '' : `, by ${scanner}`}`;
}

function sourceOf({ spec: { source } }: PackageItem): string {
  const { registryUrl, repository, tag, digest } = source;
  return `${registryUrl}/${repository}${tag === undefined ? '' : `:${tag}`}${digest === undefined ? '' : `@${digest}`}`;
}

function findingLine({ path, message, line, column }: PackageItem['status']['faults'][number]): string {
  const position = line === undefined ? '' : `margo.yaml:${line}${column === undefined ? '' : `:${column}`} `;
  return `${position}${path === '' ? '' : `${path}: `}${message}`;
}
