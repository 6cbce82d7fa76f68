import {
  type DesiredApplication,
  type DesiredComponent,
  type Json,
  type TargetDeclaration,
  TargetFault,
  z,
} from 'tutti/plugin';

const deploymentType = 'custom';

/** A file name and nothing else: a deployment chooses among the scripts of the machine, it brings none along. */
const scriptName = z
  .string()
  .regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$/, 'expected the name of a script: letters, digits, dots, dashes')
  .describe('Which script of the machine runs the component');

export const component = {
  properties: z.looseObject({ 'x-script': scriptName }),
  changes: { properties: ['x-script'], parameters: ['*'] },
} as const;

/** What this target is, as data. */
export const declares = {
  components: [{ deploymentType, ...component }],
  dryRun: false,
  parallel: 16,
} satisfies TargetDeclaration;

export const settings = z.strictObject({
  scripts: z
    .string()
    .min(1)
    .default('./scripts')
    .describe('Folder of the scripts that deployments may name; who can write to it decides what this machine runs'),
  lookSeconds: z.number().min(0.01).max(86_400).default(10).describe('Seconds between looks at how components are'),
  statusSeconds: z.number().min(0.01).max(3_600).default(10).describe('Seconds that a script has to tell the status'),
  removeSeconds: z.number().min(0.01).max(86_400).default(300).describe('Seconds that a script has to remove'),
  parallel: z.number().int().min(1).max(16).default(4).describe('Components that are worked on at the same time'),
});

/** What is kept of a component from the moment that its script first runs: enough to look at it and to remove it. */
export interface ComponentRecord {
  readonly application: { readonly id: string; readonly name: string };
  readonly name: string;
  readonly script: string;
  readonly environment: Readonly<Record<string, string>>;
  /** Digest of what was applied; absent while that has not succeeded. */
  readonly applied?: string;
  /** Why it has not. */
  readonly failure?: string;
}

/** @throws TargetFault for what no script here can run */
export function recordOf(application: DesiredApplication, desired: DesiredComponent): ComponentRecord {
  if (application.deploymentType !== deploymentType) {
    const message = `deployments of type ${application.deploymentType} are not for scripts, only ${deploymentType}`;
    throw new TargetFault('unsupported', message, false);
  }
  const { data, error } = component.properties.safeParse(desired.properties);
  if (error) throw new TargetFault('invalid', `${desired.name}: ${z.prettifyError(error)}`, false);
  const { id, name } = application;
  return {
    application: { id, name },
    name: desired.name,
    script: data['x-script'],
    environment: {
      TUTTI_APPLICATION: id,
      TUTTI_COMPONENT: desired.name,
      TUTTI_REPOSITORY: desired.repository,
      TUTTI_REVISION: desired.revision,
      ...parametersIn(desired),
    },
  };
}

/**
 * Parameters as variables: a script sees a value whole, and nothing of it is ever part of a command. Under a prefix, so
 * that none can be `PATH` or `LD_PRELOAD`.
 */
function parametersIn({ name, parameters }: DesiredComponent): Record<string, string> {
  return Object.fromEntries(
    Object.entries(parameters).map(([pointer, value]) => {
      const text = textOf(value);
      const fit = /^[A-Za-z_][A-Za-z0-9_]*$/.test(pointer) && !text.includes('\0');
      if (!fit) throw new TargetFault('invalid', `${name}: the parameter ${pointer} cannot be a variable`, false);
      return [`PARAM_${pointer}`, text];
    }),
  );
}

const textOf = (value: Json): string => (typeof value === 'string' ? value : JSON.stringify(value));
