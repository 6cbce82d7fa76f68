import type { Json } from '../../../core/ports/index.js';
import type { Place } from '../document/place.js';
import { quantityBytes } from '../quantity.js';
import type { JsonObject } from './description.js';

/** Operators of section "Device Constraints"; the standard's own misprint is read as what it means. */
export const operators = ['In', 'NotIn', 'Exists', 'DoesNotExist', 'Gt', 'Lt', 'ContainsAll', 'ContainsAny'] as const;
export type Operator = (typeof operators)[number];
export const misprints: Readonly<Record<string, Operator>> = {
  ContainersAny: 'ContainsAny',
  ContainersAll: 'ContainsAll',
};

/** `deviceConstraints` unmodified, or what D1 `requiredResources` mean in its words. */
export function readConstraints(profile: Place): JsonObject | undefined {
  const constraints = profile.at('deviceConstraints');
  const required = profile.at('requiredResources');
  if (constraints.present && constraints.object()) {
    if (required.present) required.warn('ignored', 'is ignored beside deviceConstraints');
    lint(constraints);
    return constraints.value as JsonObject;
  }
  if (!required.present || !required.object()) return undefined;
  required.warn('old-form', 'is the form of PR1; write deviceConstraints');
  return fromRequiredResources(required);
}

/** Warns of what no device can ever meet, so that the author learns of it before anybody wonders why nothing fits. */
function lint(constraints: Place): void {
  constraints.only(['capacityRequirements', 'eligibilityRules']);
  const capacity = constraints.at('capacityRequirements');
  if (capacity.present && capacity.object()) {
    capacity.only(['cpu', 'memory', 'storage']);
    for (const key of ['memory', 'storage']) checkQuantity(capacity.at(key));
    const cpu = capacity.at('cpu');
    if (cpu.present && cpu.object()) {
      const cores = cpu.at('cores');
      if (!cores.present) cores.missing('warn');
      else cores.number('warn');
    }
  }
  const rules = constraints.at('eligibilityRules');
  if (rules.present && Array.isArray(rules.value) && rules.value.length === 0)
    rules.warn('never-eligible', 'is empty, so that no device is eligible; leave it out for no rules');
  for (const rule of rules.items())
    for (const selector of ['propertySelector', 'labelSelector'])
      for (const expression of rule.at(selector).at('matchExpressions').items()) checkExpression(expression);
}

function checkExpression(expression: Place): void {
  const operator = expression.at('operator');
  const name = operator.text('warn');
  if (name !== undefined && !operators.some((known) => known === (misprints[name] ?? name)))
    operator.warn('unknown-operator', `is none of ${operators.join(', ')}; the expression never holds`);
  if (!expression.at('key').present) expression.at('key').missing('warn', 'is missing; the expression never holds');
}

function checkQuantity(quantity: Place): void {
  const text = quantity.text('warn');
  if (text !== undefined && quantityBytes(text) === undefined)
    quantity.warn('bad-quantity', `is no quantity such as 512Mi or 4Gi; no device can meet it`);
}

function fromRequiredResources(required: Place): JsonObject {
  required.only(['cpu', 'memory', 'storage', 'peripherals', 'interfaces']);
  const cpu = required.at('cpu');
  const architectures = [cpu.at('architectures').value, cpu.at('architecture').value]
    .flat()
    .filter((name) => typeof name === 'string');
  const cores = cpu.present && cpu.object() ? (cpu.at('cores').number('warn') ?? 0) : 0;
  for (const key of ['memory', 'storage']) checkQuantity(required.at(key));
  const capacity: Record<string, Json> = {
    ...(cpu.present && { cpu: { cores, ...(architectures.length > 0 && { architectures }) } }),
    ...quantity('memory', required),
    ...quantity('storage', required),
  };
  const matchExpressions = ['peripherals', 'interfaces'].flatMap((list) =>
    required
      .at(list)
      .items()
      .map((item) => ({ key: `/${list}`, operator: 'ContainsAll', itemSelector: itemSelector(item) })),
  );
  return {
    ...(Object.keys(capacity).length > 0 && { capacityRequirements: capacity }),
    ...(matchExpressions.length > 0 && { eligibilityRules: [{ propertySelector: { matchExpressions } }] }),
  };
}

function quantity(key: string, required: Place): Record<string, Json> {
  const text = required.at(key).written();
  return text === undefined ? {} : { [key]: text.replace(/\s/g, '') };
}

function itemSelector(item: Place): Json {
  const matchExpressions = item
    .keys()
    .map((key) => ({ key: `/${key}`, operator: 'In', values: [item.at(key).value ?? null] }));
  return { matchExpressions };
}
