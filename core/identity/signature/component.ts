import { type Item, type Parameters, serializeItem } from 'structured-headers';
import { SignatureFault } from './fault.js';

/** One component identifier (RFC 9421 section 2): a field name or a derived component, with its parameters. */
export interface Component {
  readonly name: string;
  readonly parameters: Parameters;
  /** As it stands in the signature base: `"@query-param";name="Pet"`. */
  readonly identifier: string;
}

/** A signature's covered components: what the policy asks about, worked out once. */
export class CoveredComponents {
  readonly #identifiers: ReadonlySet<string>;
  /** Serialised without the signature's own parameters: `("@method" "@target-uri")`. */
  readonly text: string;

  /** @throws SignatureFault `malformed` when an identifier appears twice (RFC 9421 section 2.5) */
  constructor(readonly components: readonly Component[]) {
    this.#identifiers = new Set(components.map((component) => component.identifier));
    if (this.#identifiers.size !== components.length) {
      throw new SignatureFault('malformed', 'Signature-Input names a component twice');
    }
    this.text = `(${components.map((component) => component.identifier).join(' ')})`;
  }

  /** Whether the whole component is protected; a dictionary member of a field is not the field. */
  covers(name: string): boolean {
    return this.#identifiers.has(`"${name}"`);
  }
}

const fieldName = /^[!#$%&'*+\-.^_`|~0-9a-z]+$/;
const derived: ReadonlySet<string> = new Set([
  '@method',
  '@target-uri',
  '@authority',
  '@scheme',
  '@path',
  '@query',
  '@request-target',
  '@query-param',
  '@status',
]);
const fieldParameters: ReadonlySet<string> = new Set(['sf', 'bs', 'key']);

/** @throws SignatureFault `malformed` or `unsupported` */
export function component(item: Item): Component {
  const [name, parameters] = item;
  if (typeof name !== 'string') throw new SignatureFault('malformed', 'a component name is not a string');
  const isDerived = name.startsWith('@');
  if (isDerived ? !derived.has(name) : !fieldName.test(name)) {
    throw new SignatureFault(isDerived ? 'unsupported' : 'malformed', `"${name}" is no component name`);
  }
  for (const parameter of parameters.keys()) {
    const known = isDerived ? name === '@query-param' && parameter === 'name' : fieldParameters.has(parameter);
    if (!known) throw new SignatureFault('unsupported', `"${name}" has the unknown parameter "${parameter}"`);
  }
  return { name, parameters, identifier: serializeItem(name, parameters) };
}

/** Components by name, without parameters, for a signer. */
export function components(names: readonly string[]): CoveredComponents {
  return new CoveredComponents(names.map((name) => component([name, new Map()])));
}
