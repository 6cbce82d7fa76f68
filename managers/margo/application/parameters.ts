import type { Json } from '../../../core/ports/index.js';
import { didYouMean, named, type Place } from '../document/place.js';
import type { Parameter, Parameters, ParameterTarget } from './description.js';

/**
 * `parameters` of a description or a deployment. Component names that nobody has are left out of the targets.
 *
 * @param components names that a target may have
 * @param strictTargets whether a name that nobody has is worth a warning
 */
export function readParameters(place: Place, components: ReadonlySet<string>): Parameters {
  if (!place.present || !place.object()) return {};
  return Object.fromEntries(
    place.keys().flatMap((name): [string, Parameter][] => {
      const parameter = place.at(name);
      if (!parameter.present) return parameter.missing('warn', 'has neither value nor targets') ?? [];
      if (!parameter.object()) return [];
      parameter.only(['value', 'targets']);
      const value = readValue(parameter.at('value'));
      const targets = readTargets(parameter.at('targets'), components);
      return [[name, { ...(value !== undefined && { value }), targets }]];
    }),
  );
}

/** A string, number, boolean, or a list of one of these. */
export function isParameterValue(value: unknown): value is Json {
  const scalar = (item: unknown): boolean => ['string', 'number', 'boolean'].includes(typeof item);
  return (
    scalar(value) || (Array.isArray(value) && value.every((item) => scalar(item) && typeof item === typeof value[0]))
  );
}

function readValue(place: Place): Json | undefined {
  if (!place.present) return undefined;
  if (isParameterValue(place.value)) return place.value;
  return place.fault(
    'wrong-type',
    `must be text, a number, true, false or a list of one of these, not ${named(place.value)}`,
  );
}

function readTargets(list: Place, components: ReadonlySet<string>): ParameterTarget[] {
  if (!list.present) list.missing('warn', 'is missing; the parameter goes nowhere');
  return list.items().flatMap((place) => {
    if (!place.element()) return [];
    place.only(['pointer', 'components']);
    const at = place.at('pointer');
    const pointer = at.present ? at.text() : at.missing('fault');
    if (pointer === '') at.fault('missing', 'is empty');
    const names = place.at('components');
    if (!names.present) names.missing('warn', 'is missing; the target reaches no component');
    const reached = names.items().flatMap((item) => {
      const name = item.text();
      if (name === undefined) return [];
      if (components.has(name)) return [name];
      return (
        item.warn('unknown-component', `no profile has a component "${name}"${didYouMean(name, [...components])}`) ?? []
      );
    });
    return pointer === undefined || pointer === '' || reached.length === 0
      ? []
      : [{ pointer, components: [...new Set(reached)] }];
  });
}
