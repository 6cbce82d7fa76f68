import { z } from 'zod';
import { age } from '../duration.js';
import { type Kind, shortId } from './kind.js';

const finding = z.looseObject({
  path: z.string(),
  message: z.string(),
  line: z.number().optional(),
  column: z.number().optional(),
});

const schema = z.looseObject({
  id: z.string(),
  metadata: z.looseObject({
    name: z.string(),
    namespace: z.string().optional(),
    labels: z.record(z.string(), z.string()).optional(),
    creationTimestamp: z.string().optional(),
  }),
  spec: z.looseObject({
    source: z.looseObject({
      registryUrl: z.string(),
      repository: z.string(),
      tag: z.string().optional(),
      digest: z.string().optional(),
    }),
  }),
  application: z
    .looseObject({
      id: z.string(),
      name: z.string(),
      version: z.string(),
      description: z.string().optional(),
      profiles: z.array(z.looseObject({ id: z.string(), type: z.string(), components: z.array(z.string()) })),
      parameters: z.record(z.string(), z.unknown()),
    })
    .optional(),
  digest: z.string().optional(),
  status: z.looseObject({
    state: z.string(),
    contextualInfo: z.looseObject({ message: z.string() }).optional(),
    faults: z.array(finding).default([]),
    warnings: z.array(finding).default([]),
  }),
});

export type PackageItem = z.output<typeof schema>;

export const packages: Kind<PackageItem, 'packages'> = {
  plural: 'packages',
  singular: 'package',
  aliases: ['pkg', 'app-packages'],
  path: '/app-packages',
  schema,
  columns: (now) => [
    { head: 'ID', value: ({ id }) => shortId(id) },
    { head: 'NAME', value: ({ metadata }) => metadata.name },
    { head: 'APPLICATION', value: ({ application }) => application?.id ?? '-' },
    { head: 'VERSION', value: ({ application }) => application?.version ?? '-' },
    { head: 'STATE', value: ({ status }) => status.state },
    { head: 'WARNINGS', value: ({ status }) => String(status.warnings.length) },
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

function sourceOf({ spec: { source } }: PackageItem): string {
  const { registryUrl, repository, tag, digest } = source;
  return `${registryUrl}/${repository}${tag === undefined ? '' : `:${tag}`}${digest === undefined ? '' : `@${digest}`}`;
}

function findingLine({ path, message, line, column }: z.output<typeof finding>): string {
  const position = line === undefined ? '' : `margo.yaml:${line}${column === undefined ? '' : `:${column}`} `;
  return `${position}${path === '' ? '' : `${path}: `}${message}`;
}
