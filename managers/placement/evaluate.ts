import type { DeviceCapabilities, JsonObject } from '../margo/index.js';
import { unmetCapacity } from './capacity.js';
import { expressionsOf, isObject, type Lookup, pointerLookup, unmet } from './expressions.js';

export interface Eligibility {
  readonly eligible: boolean;
  /** One sentence for each thing that is not met; empty exactly when eligible. */
  readonly reasons: readonly string[];
}

/** What the rules look at. */
export type Candidate = Pick<DeviceCapabilities, 'properties' | 'labels'>;

export function eligibility(reasons: readonly string[]): Eligibility {
  return { eligible: reasons.length === 0, reasons };
}

/**
 * Whether a device meets `deviceConstraints` (section "Device Constraints"): capacity first, then eligibility rules.
 * Never throws: what cannot be read is a reason, and speaks against this application only.
 */
export function evaluate(constraints: JsonObject | undefined, candidate: Candidate): Eligibility {
  const capacity = unmetCapacity(constraints?.['capacityRequirements'], candidate.properties);
  return eligibility(capacity.length > 0 ? capacity : unmetRules(constraints, candidate));
}

/** The eligibility rules alone: what a device MUST evaluate by itself, as the final judge. */
export function evaluateEligibilityRules(constraints: JsonObject | undefined, candidate: Candidate): Eligibility {
  return eligibility(unmetRules(constraints, candidate));
}

/** One rule must hold; none written is no constraint, an empty list is a choice of nothing. */
function unmetRules(constraints: JsonObject | undefined, candidate: Candidate): string[] {
  const rules: unknown = constraints?.['eligibilityRules'];
  if (rules === undefined || rules === null) return [];
  if (!Array.isArray(rules)) return ['eligibilityRules is no list'];
  if (rules.length === 0) return ['eligibilityRules is empty, so that no device is eligible'];
  const reasons: string[] = [];
  for (const [index, rule] of rules.entries()) {
    const against = unmetRule(rule, candidate);
    if (against.length === 0) return [];
    reasons.push(...against.map((reason) => (rules.length > 1 ? `rule ${index + 1}: ${reason}` : reason)));
  }
  return reasons;
}

/** Both selectors must hold, and all expressions of each. A selector that is left out holds. */
function unmetRule(rule: unknown, { properties, labels }: Candidate): string[] {
  if (!isObject(rule)) return ['it is no object'];
  const label: Lookup = (key) => (Object.hasOwn(labels, key) ? { value: labels[key] } : undefined);
  return [
    ...unmetSelector('property', rule['propertySelector'], pointerLookup(properties)),
    ...unmetSelector('label', rule['labelSelector'], label),
  ];
}

function unmetSelector(kind: 'property' | 'label', selector: unknown, find: Lookup): string[] {
  if (selector === undefined || selector === null) return [];
  const expressions = expressionsOf(selector);
  if (!expressions) return [`the ${kind} selector has no matchExpressions`];
  return expressions.flatMap((expression) => {
    const reason = unmet(expression, find, kind === 'property');
    return reason === undefined ? [] : [`${kind} ${reason}`];
  });
}
