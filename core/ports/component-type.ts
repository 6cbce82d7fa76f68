import { z } from 'zod';
import { isSchema } from '../operation/schema.js';
import { expectation } from '../operation/wording.js';
import type {
  ComponentCapability,
  ComponentType,
  DesiredComponent,
  JsonSchema,
  TargetCapabilities,
  TargetDeclaration,
} from './target.js';

/**
 * What a target knows only when it runs; the rest of its capabilities it has declared.
 * @experimental
 */
export interface RuntimeCapabilities extends Pick<TargetCapabilities, 'runtimes' | 'facts'> {
  /** As the config has it; as declared unless told. */
  readonly parallel?: number;
  /** Those of the declared ones that it runs; all unless told. */
  readonly deploymentTypes?: readonly string[];
}

/**
 * What `describe` answers, so that nothing is said twice.
 * @experimental
 */
export function capabilitiesOf(
  { components, parallel: most }: TargetDeclaration,
  { runtimes, facts, parallel = most, deploymentTypes }: RuntimeCapabilities,
): TargetCapabilities {
  return {
    components: components
      .filter(({ deploymentType }) => deploymentTypes?.includes(deploymentType) ?? true)
      .map(componentCapability),
    runtimes,
    facts,
    parallel: Math.min(parallel, most),
  };
}

const capabilities = new WeakMap<ComponentType, ComponentCapability>();

/**
 * The same object for the same type: targets are asked often, and what reads the schemas prepares them once.
 * @experimental
 */
export function componentCapability(type: ComponentType): ComponentCapability {
  let known = capabilities.get(type);
  if (known === undefined) {
    const { deploymentType, properties, parameters, changes } = type;
    known = {
      deploymentType,
      properties: jsonSchema(properties),
      parameters: parameters === undefined ? {} : jsonSchema(parameters),
      changes,
    };
    capabilities.set(type, known);
  }
  return known;
}

function jsonSchema(schema: z.ZodType): JsonSchema {
  return z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' }) as JsonSchema;
}

/**
 * How a component differs from what its type declares, one sentence each: which property or parameter, and what was
 * expected. No value is told, for parameters may be secrets.
 *
 * @param type as declared, with all that only code can check; or as data, without that
 * @experimental
 */
export function componentFaults(
  component: DesiredComponent,
  type: ComponentType | ComponentCapability,
): readonly string[] {
  return (['properties', 'parameters'] as const).flatMap((part) => {
    const schema = type[part];
    if (schema === undefined) return [];
    const { error } = validator(schema).safeParse(component[part], { error: expected });
    return (error?.issues ?? []).map((issue) => `${[part, ...issue.path].map(String).join('.')}: ${wording(issue)}`);
  });
}

function expected(issue: z.core.$ZodRawIssue): string | undefined {
  const words = expectation(issue);
  return words !== undefined && issue.input === undefined ? `${words}, and there is nothing` : words;
}

/** Of the name of a member it is told what is wrong with it, not only that something is. */
function wording(issue: z.core.$ZodIssue): string {
  if (issue.code !== 'invalid_key') return issue.message;
  return `the name: ${issue.issues.map((inner) => expectation(inner as z.core.$ZodRawIssue) ?? inner.message).join(', ')}`;
}

const validators = new WeakMap<JsonSchema, z.ZodType>();

function validator(schema: z.ZodType | JsonSchema): z.ZodType {
  if (isSchema(schema)) return schema;
  let known = validators.get(schema);
  if (known === undefined) {
    // A registry of its own: descriptions of what is checked here are of no use to anybody else.
    known = z.fromJSONSchema(schema as z.core.JSONSchema.JSONSchema, { registry: z.registry() });
    validators.set(schema, known);
  }
  return known;
}
