import { isDeepStrictEqual } from 'node:util';
import type { FieldFault } from '../../../core/operation/index.js';
import type { Json } from '../../../core/ports/index.js';
import { didYouMean, named } from '../document/place.js';
import type {
  ApplicationDescription,
  ConfigurationSchema,
  DeployedProfile,
  Parameter,
  Parameters,
  Setting,
} from './description.js';
import { Matcher } from './expression.js';
import { isParameterValue } from './parameters.js';
import { unusable, valueFault } from './values.js';

export interface ParameterValidation {
  /** Field: the parameter's name. Empty when everything holds. */
  readonly faults: readonly FieldFault[];
  /** Defaults overlaid with the given values, targets included; parameters without any value are left out. */
  readonly parameters: Parameters;
}

type Configured = Pick<ApplicationDescription, 'parameters' | 'configuration'>;

/**
 * Checks values that a user gives against the package's configuration schema. `null` takes a value back to its default.
 *
 * @param previous the values in effect since the last install or update ({@link parameterValues}): settings that are
 *   immutable keep theirs, whatever a newer package's defaults say
 * @param matcher has the time for all expressions together
 */
export function validateParameters(
  description: Configured,
  values: Readonly<Record<string, Json>>,
  previous?: Readonly<Record<string, Json>>,
  matcher = new Matcher(),
): ParameterValidation {
  const names = Object.keys(description.parameters);
  const faults: FieldFault[] = Object.keys(values)
    .filter((name) => !Object.hasOwn(description.parameters, name))
    .map((field) => ({ field, message: `is no parameter of this application${didYouMean(field, names)}` }));
  const effective: [string, Parameter][] = [];
  for (const [name, parameter] of Object.entries(description.parameters)) {
    const setting = settingOf(description, name);
    const before = own(previous, name);
    const given = own(values, name);
    const value = given ?? (setting?.immutable ? before : undefined) ?? parameter.value;
    const message =
      setting?.immutable && before !== undefined && !isDeepStrictEqual(before, value)
        ? 'cannot change after installation'
        : parameterFault(description, setting, value, matcher);
    if (message !== undefined) faults.push({ field: name, message });
    else if (value !== undefined) effective.push([name, { ...parameter, value }]);
  }
  return { faults, parameters: Object.fromEntries(effective) };
}

/** What is wrong with the package's own defaults. Parameters without one are for the user to fill in. */
export function defaultFaults(description: Configured, matcher = new Matcher()): FieldFault[] {
  return Object.entries(description.parameters).flatMap(([field, { value }]) => {
    if (value === undefined) return [];
    const setting = settingOf(description, field);
    const schema = setting && schemaOf(description, setting);
    // An empty default is how packages ask for a value; whether it may stay empty is checked when they are deployed.
    const message = unusable(value) ?? (schema && valueFault({ ...schema, allowEmpty: true }, value, matcher));
    return message === undefined ? [] : [{ field, message }];
  });
}

/** The values of effective parameters, as {@link validateParameters} wants them back as `previous`. */
export function parameterValues(parameters: Parameters): Readonly<Record<string, Json>> {
  return Object.fromEntries(
    Object.entries(parameters).flatMap(([name, { value }]) => (value === undefined ? [] : [[name, value]])),
  );
}

/** Only what concerns the profile's components: other targets, and parameters left without any, are dropped. */
export function parametersFor(profile: Pick<DeployedProfile, 'components'>, parameters: Parameters): Parameters {
  const names = new Set(profile.components.map(({ name }) => name));
  return Object.fromEntries(
    Object.entries(parameters).flatMap(([name, parameter]) => {
      const targets = parameter.targets.flatMap((target) => {
        const components = target.components.filter((component) => names.has(component));
        return components.length > 0 ? [{ ...target, components }] : [];
      });
      return targets.length > 0 ? [[name, { ...parameter, targets }]] : [];
    }),
  );
}

function parameterFault(
  description: Configured,
  setting: Setting | undefined,
  value: Json | undefined,
  matcher: Matcher,
): string | undefined {
  const bad = unusable(value);
  if (bad !== undefined) return bad;
  const schema = setting && schemaOf(description, setting);
  if (schema) return value === undefined && !schema.allowEmpty ? 'needs a value' : valueFault(schema, value, matcher);
  if (value === undefined || isParameterValue(value)) return undefined;
  return `must be text, a number, true, false or a list of one of these, not ${named(value)}`;
}

function settingOf({ configuration }: Configured, parameter: string): Setting | undefined {
  return configuration?.sections
    .flatMap((section) => section.settings)
    .find((setting) => setting.parameter === parameter);
}

function schemaOf({ configuration }: Configured, setting: Setting): ConfigurationSchema | undefined {
  return configuration?.schemas.find((schema) => schema.name === setting.schema);
}

/** A member that the caller wrote, never one that every object inherits; `null` is none. */
function own(of: Readonly<Record<string, Json>> | undefined, name: string): Json | undefined {
  return of && Object.hasOwn(of, name) ? (of[name] ?? undefined) : undefined;
}
