import { Place, Report } from '../document/place.js';
import { readYaml } from '../document/yaml.js';
import type { Finding } from '../finding.js';
import type { Form } from '../forms.js';
import { readCatalog } from './catalog.js';
import { defaultFaults } from './configuration.js';
import type { ApplicationDescription } from './description.js';
import { readParameters } from './parameters.js';
import { readProfiles } from './profiles.js';
import { readConfiguration } from './settings.js';

export interface ReadDescriptionOptions {
  /** Every warning is a fault. Default false. */
  readonly strict?: boolean;
  /** The tag under which the package was found; must equal the version. */
  readonly tag?: string;
}

export interface DescriptionReading {
  /** Absent exactly when there are faults. */
  readonly description?: ApplicationDescription;
  readonly faults: readonly Finding[];
  readonly warnings: readonly Finding[];
}

/**
 * Reads `margo.yaml` (section "Application Description") in any of its forms. What breaks the standard but can be
 * deployed safely is a warning; what cannot is a fault. Never throws for what the text says.
 */
export function readApplicationDescription(
  yaml: string | Uint8Array,
  options: ReadDescriptionOptions = {},
): DescriptionReading {
  const { document, faults } = readYaml(yaml);
  if (!document) return { faults, warnings: [] };
  const report = new Report();
  const root = Place.root(document, report);
  if (!root.present) root.missing('fault', 'is empty');
  const description = root.object() ? readRoot(root, options) : undefined;
  const refused = options.strict ? [...report.faults, ...report.warnings] : report.faults;
  const sorted = { faults: inOrder(refused), warnings: options.strict ? [] : inOrder(report.warnings) };
  return description && refused.length === 0 ? { description, ...sorted } : sorted;
}

function readRoot(root: Place, options: ReadDescriptionOptions): ApplicationDescription | undefined {
  root.only(['apiVersion', 'kind', 'id', 'metadata', 'deploymentProfiles', 'parameters', 'configuration']);
  const metadata = root.at('metadata');
  if (!metadata.present) metadata.missing('fault');
  else metadata.object();
  metadata.only(['id', 'name', 'description', 'version', 'catalog']);
  const form = readForm(root);
  const id = readId(root);
  const version = readVersion(metadata.at('version'), options.tag);
  const name = metadata.at('name').present ? metadata.at('name').text() : metadata.at('name').missing('warn');
  const about = metadata.at('description').text('warn');
  const catalog = readCatalog(metadata.at('catalog'));
  const profiles = readProfiles(root.at('deploymentProfiles'));
  const components = new Set(profiles.flatMap((profile) => profile.components.map((component) => component.name)));
  const parameters = readParameters(root.at('parameters'), components);
  const configuration = readConfiguration(root.at('configuration'), parameters);
  if (id === undefined || version === undefined) return undefined;
  const optional = { ...(about !== undefined && { description: about }), ...(configuration && { configuration }) };
  const description = { id, name: name || id, version, catalog, profiles, parameters, ...optional, form };
  for (const { field, message } of defaultFaults(description))
    root.at('parameters').at(field).at('value').warn('default-outside-schema', `the default ${message}`);
  return description;
}

function readForm(root: Place): Form {
  const apiVersion = root.at('apiVersion');
  const text = apiVersion.present ? apiVersion.text('warn') : apiVersion.missing('warn');
  const kind = root.at('kind').text();
  if (kind !== undefined && kind !== 'ApplicationDescription')
    root.at('kind').fault('wrong-kind', `must be ApplicationDescription, not "${kind}"`);
  if (text === 'v1') {
    if (kind !== undefined) root.at('kind').warn('old-form', 'is no longer written with apiVersion v1');
    return 'D3';
  }
  if (text !== undefined && /^margo\.org\/v1-?alpha-?1$/.test(text))
    apiVersion.warn('old-form', `"${text}" is an old version of the standard; write "v1"`);
  else if (text !== undefined) apiVersion.warn('unknown-version', `"${text}" is not known; it is read as "v1"`);
  return root.at('id').present ? (text === undefined ? 'D3' : 'D2') : 'D1';
}

function readId(root: Place): string | undefined {
  const old = root.at('metadata').at('id');
  const place = root.at('id').present ? root.at('id') : old.present ? old : root.at('id');
  if (!place.present) return place.missing('fault');
  if (root.at('id').present && old.present && old.written() !== root.at('id').written())
    old.warn('ignored', 'differs from the top-level id and is ignored');
  const id = place.text();
  if (id === undefined || /^[-a-z0-9]{1,200}$/.test(id)) return id;
  return place.fault('bad-id', 'must be lower-case letters, digits and dashes, at most 200');
}

function readVersion(place: Place, tag: string | undefined): string | undefined {
  const version = place.present ? place.text() : undefined;
  if (version === undefined || version === '') {
    if (place.present && version === undefined) return undefined;
    if (tag === undefined) return place.missing('fault');
    return place.missing('warn', `is missing; the tag ${tag} is taken`) ?? tag;
  }
  if (!/^[A-Za-z0-9_][A-Za-z0-9._+-]{0,127}$/.test(version))
    return place.fault('bad-version', 'must be fit for a tag: letters, digits, dots, dashes, at most 128');
  if (tag !== undefined && versionTag(version) !== tag)
    place.warn('version-is-not-tag', `"${version}" differs from the tag "${tag}" of the package`);
  return version;
}

/** The tag of a version: tags cannot have a `+` (section "Application Registry"). */
export function versionTag(version: string): string {
  return version.replaceAll('+', '_');
}

function inOrder(findings: readonly Finding[]): Finding[] {
  return findings.toSorted((a, b) => (a.line ?? 0) - (b.line ?? 0) || (a.column ?? 0) - (b.column ?? 0));
}
