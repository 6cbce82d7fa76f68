import { didYouMean, type Place } from '../document/place.js';
import {
  type Configuration,
  type ConfigurationSchema,
  type DataType,
  dataTypes,
  type Parameters,
  type Setting,
} from './description.js';
import { expression } from './expression.js';

/** `configuration`. A setting or rule that cannot be meant is left out with a warning: values are then not checked by it. */
export function readConfiguration(place: Place, parameters: Parameters): Configuration | undefined {
  if (!place.present || !place.object()) return undefined;
  place.only(['sections', 'schema']);
  const schemas = readSchemas(place.at('schema'));
  const taken = new Set<string>();
  const sections = place
    .at('sections')
    .items()
    .map((section) => {
      section.only(['name', 'settings']);
      const name = section.at('name').present ? section.at('name').text('warn') : section.at('name').missing('warn');
      const settings = section.at('settings').items();
      return {
        name: name ?? '',
        settings: settings.flatMap((setting) => readSetting(setting, parameters, schemas, taken)),
      };
    });
  return { sections, schemas };
}

function readSetting(
  place: Place,
  parameters: Parameters,
  schemas: readonly ConfigurationSchema[],
  taken: Set<string>,
): Setting[] {
  if (!place.object()) return [];
  place.only(['parameter', 'name', 'description', 'immutable', 'schema']);
  const at = place.at('parameter');
  const parameter = at.present ? at.text('warn') : at.missing('warn');
  const name = place.at('name').present ? place.at('name').text('warn') : place.at('name').missing('warn');
  const description = place.at('description').text('warn');
  const immutable = place.at('immutable').boolean('warn') ?? false;
  const reference = place.at('schema');
  const schema = reference.present ? reference.text('warn') : reference.missing('warn');
  if (schema !== undefined && !schemas.some((known) => known.name === schema)) {
    const names = schemas.map((known) => known.name);
    reference.warn(
      'unknown-schema',
      `there is no schema "${schema}"${didYouMean(schema, names)}; values are not checked`,
    );
  }
  if (parameter === undefined) return [];
  if (!Object.hasOwn(parameters, parameter)) {
    const hint = didYouMean(parameter, Object.keys(parameters));
    return at.warn('unknown-parameter', `there is no parameter "${parameter}"${hint}; the setting is ignored`) ?? [];
  }
  if (taken.has(parameter))
    return at.warn('duplicate', `"${parameter}" has a setting already; this one is ignored`) ?? [];
  taken.add(parameter);
  return [
    {
      parameter,
      name: name ?? parameter,
      ...(description !== undefined && { description }),
      immutable,
      schema: schema ?? '',
    },
  ];
}

const numbers = ['minLength', 'maxLength', 'minValue', 'maxValue', 'minPrecision', 'maxPrecision'] as const;
const pairs = [
  ['minLength', 'maxLength'],
  ['minValue', 'maxValue'],
  ['minPrecision', 'maxPrecision'],
] as const;

function readSchemas(list: Place): ConfigurationSchema[] {
  const taken = new Set<string>();
  return list.items().flatMap((place) => {
    if (!place.object()) return [];
    place.only(['name', 'dataType', 'allowEmpty', 'regexMatch', 'multiselect', 'options', ...numbers]);
    const name = place.at('name').present ? place.at('name').text('warn') : place.at('name').missing('warn');
    const dataType = readDataType(place.at('dataType'));
    const rules = readRules(place);
    if (name === undefined || dataType === undefined) return [];
    if (taken.has(name))
      return place.at('name').warn('duplicate', `there is a schema "${name}" already; this one is ignored`) ?? [];
    taken.add(name);
    return [{ name, dataType, ...rules }];
  });
}

function readDataType(place: Place): DataType | undefined {
  if (!place.present) return place.missing('warn', 'is missing; the schema is ignored');
  const text = place.text('warn');
  const found = dataTypes.find((type) => type === text);
  return found ?? place.warn('bad-data-type', `is none of ${dataTypes.join(', ')}; the schema is ignored`);
}

function readRules(place: Place): Omit<ConfigurationSchema, 'name' | 'dataType'> {
  const limits: Partial<Record<(typeof numbers)[number], number>> = {};
  for (const key of numbers) {
    const value = place.at(key).number('warn');
    if (value !== undefined) limits[key] = value;
  }
  for (const [low, high] of pairs) {
    if ((limits[low] ?? -Infinity) <= (limits[high] ?? Infinity)) continue;
    place.at(low).warn('contradiction', `is greater than ${high}; both are ignored`);
    delete limits[low];
    delete limits[high];
  }
  const regexMatch = readRegex(place.at('regexMatch'));
  const multiselect = place.at('multiselect').boolean('warn');
  const options = place
    .at('options')
    .items()
    .flatMap((option) => {
      if (['string', 'number', 'boolean'].includes(typeof option.value))
        return [option.value as string | number | boolean];
      return option.warn('wrong-type', 'must be text, a number, true or false') ?? [];
    });
  return {
    allowEmpty: place.at('allowEmpty').boolean('warn') ?? false,
    ...limits,
    ...(regexMatch !== undefined && { regexMatch }),
    ...(multiselect !== undefined && { multiselect }),
    ...(options.length > 0 && { options }),
  };
}

function readRegex(place: Place): string | undefined {
  const text = place.text('warn');
  if (text === undefined) return undefined;
  const compiled = expression(text);
  if (compiled instanceof RegExp) return text;
  return place.warn('bad-expression', `is no regular expression (${compiled.message}); it is ignored`);
}
