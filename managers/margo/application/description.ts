import type { Json } from '../../../core/ports/index.js';
import type { Form } from '../forms.js';

export type JsonObject = Readonly<Record<string, Json>>;

/** Deployment types of the standard; `helm.v3` (D1) is read as `helm`. */
export type DeploymentType = 'helm' | 'compose' | 'custom';

/** Vendor extensions of one place: `x-<name>-extensions` to whatever stood there, propagated verbatim. */
export type Extensions = JsonObject;

/** Application description, section "Component Properties"; what D1 and D2 say of a component besides is kept too. */
export interface ComponentProperties {
  /** `oci://host/path`. Absent only when the component comes as `packageLocation`. */
  readonly repository?: string;
  /** SemVer tag, `_` for `+`. Present whenever `repository` is. */
  readonly revision?: string;
  /** D1, D2: where a compose archive is, as `https://` or `oci://`. */
  readonly packageLocation?: string;
  /** D1: the PGP key for `packageLocation`. */
  readonly keyLocation?: string;
  /** Whether the next component waits until this one runs. Default true. */
  readonly wait?: boolean;
  /** As the standard writes it: `5m0s`. A tolerated form of the package is already rewritten. */
  readonly timeout?: string;
}

export interface Component {
  readonly name: string;
  readonly properties: ComponentProperties;
  readonly extensions: Extensions;
}

/** What a device gets of a profile. */
export interface DeployedProfile {
  readonly type: DeploymentType;
  /** In installation order. At least one; names are unique. */
  readonly components: readonly Component[];
  /** Exactly what the package says (section "Device Constraints"); D1 `requiredResources` are put into this form. */
  readonly deviceConstraints?: JsonObject;
  readonly extensions: Extensions;
}

export interface DeploymentProfile extends DeployedProfile {
  /** Unique in its description. D1 descriptions have none: the type is taken, numbered when it repeats. */
  readonly id: string;
  readonly description?: string;
}

export interface ParameterTarget {
  /** helm: dotted path of a value; compose and custom: name of an environment variable. */
  readonly pointer: string;
  readonly components: readonly string[];
}

export interface Parameter {
  readonly value?: Json;
  readonly targets: readonly ParameterTarget[];
}

export type Parameters = Readonly<Record<string, Parameter>>;

export interface Catalog {
  readonly application: {
    readonly descriptionFile?: string;
    readonly icon?: string;
    readonly licenseFile?: string;
    readonly releaseNotes?: string;
    readonly site?: string;
    readonly tagline?: string;
    readonly tags: readonly string[];
  };
  readonly author: readonly { readonly name?: string; readonly email?: string }[];
  readonly organization: readonly { readonly name: string; readonly site?: string }[];
}

export const dataTypes = [
  'string',
  'integer',
  'double',
  'boolean',
  'array[string]',
  'array[integer]',
  'array[double]',
  'array[boolean]',
] as const;
export type DataType = (typeof dataTypes)[number];

/** Rules for a value (section "Configuration Schema"). With `options` it is a select. */
export interface ConfigurationSchema {
  readonly name: string;
  readonly dataType: DataType;
  /** Whether the value may be left out or empty. Default false. */
  readonly allowEmpty: boolean;
  readonly minLength?: number;
  readonly maxLength?: number;
  /** ECMAScript regular expression; a match anywhere counts, as the standard says nothing of anchors. */
  readonly regexMatch?: string;
  readonly minValue?: number;
  readonly maxValue?: number;
  /** Digits after the decimal point. */
  readonly minPrecision?: number;
  readonly maxPrecision?: number;
  readonly multiselect?: boolean;
  readonly options?: readonly (string | number | boolean)[];
}

export interface Setting {
  /** Name in {@link ApplicationDescription.parameters}. */
  readonly parameter: string;
  readonly name: string;
  readonly description?: string;
  /** Cannot change after installation. */
  readonly immutable: boolean;
  /** Name in {@link Configuration.schemas}; a setting whose schema is unknown accepts any scalar. */
  readonly schema: string;
}

export interface Configuration {
  readonly sections: readonly { readonly name: string; readonly settings: readonly Setting[] }[];
  readonly schemas: readonly ConfigurationSchema[];
}

/** What `margo.yaml` says, in one form whatever its age. Plain JSON: it can be stored as it is. */
export interface ApplicationDescription {
  /** Lower-case letters, digits and dashes, at most 200. */
  readonly id: string;
  /** For a person. */
  readonly name: string;
  readonly description?: string;
  readonly version: string;
  readonly catalog: Catalog;
  readonly profiles: readonly DeploymentProfile[];
  readonly parameters: Parameters;
  readonly configuration?: Configuration;
  /** The form that it was written in. */
  readonly form: Form;
}
