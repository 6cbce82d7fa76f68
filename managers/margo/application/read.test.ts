import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { findingText } from '../finding.js';
import { readApplicationDescription } from './read.js';

const sample = (name: string) => readFileSync(new URL(`testdata/${name}.yaml`, import.meta.url), 'utf8');
const texts = (findings: readonly Parameters<typeof findingText>[0][]) =>
  findings.map((finding) => `${findingText(finding)} [${finding.code}]`);

describe('readApplicationDescription', () => {
  it('reads the present form without a word', () => {
    const { description, faults, warnings } = readApplicationDescription(sample('d3'), { tag: '1.4.2', strict: true });
    expect(texts([...faults, ...warnings])).toEqual([]);
    expect(description).toMatchInlineSnapshot(`
      {
        "catalog": {
          "application": {
            "descriptionFile": "resources/about.md",
            "icon": "resources/icon.png",
            "tagline": "Sees every stop",
            "tags": [
              "monitoring",
              "line",
            ],
          },
          "author": [
            {
              "email": "ada@acme.test",
              "name": "Ada",
            },
          ],
          "organization": [
            {
              "name": "Acme",
              "site": "https://acme.test",
            },
          ],
        },
        "configuration": {
          "schemas": [
            {
              "allowEmpty": false,
              "dataType": "integer",
              "maxValue": 3600,
              "minValue": 1,
              "name": "seconds",
            },
            {
              "allowEmpty": false,
              "dataType": "string",
              "maxLength": 8,
              "name": "siteName",
              "regexMatch": "^[a-z]+$",
            },
          ],
          "sections": [
            {
              "name": "General",
              "settings": [
                {
                  "description": "In seconds",
                  "immutable": false,
                  "name": "Poll interval",
                  "parameter": "pollSeconds",
                  "schema": "seconds",
                },
                {
                  "immutable": true,
                  "name": "Site",
                  "parameter": "site",
                  "schema": "siteName",
                },
              ],
            },
          ],
        },
        "description": "Watches a line",
        "form": "D3",
        "id": "com-acme-line-monitor",
        "name": "Line monitor",
        "parameters": {
          "pollSeconds": {
            "targets": [
              {
                "components": [
                  "monitor",
                  "tsdb",
                ],
                "pointer": "settings.pollSeconds",
              },
              {
                "components": [
                  "monitor",
                ],
                "pointer": "POLL_SECONDS",
              },
            ],
            "value": 30,
          },
          "site": {
            "targets": [
              {
                "components": [
                  "monitor",
                ],
                "pointer": "SITE",
              },
            ],
          },
        },
        "profiles": [
          {
            "components": [
              {
                "extensions": {},
                "name": "tsdb",
                "properties": {
                  "repository": "oci://reg.acme.test/charts/tsdb",
                  "revision": "3.1.0",
                  "timeout": "8m0s",
                  "wait": true,
                },
              },
              {
                "extensions": {
                  "x-acme-extensions": {
                    "affinity": [
                      "a",
                      "b",
                    ],
                  },
                },
                "name": "monitor",
                "properties": {
                  "repository": "oci://reg.acme.test/charts/monitor",
                  "revision": "1.4.2_build.7",
                  "wait": false,
                },
              },
            ],
            "description": "For clusters",
            "deviceConstraints": {
              "capacityRequirements": {
                "cpu": {
                  "architectures": [
                    "amd64",
                  ],
                  "cores": 1.5,
                },
                "memory": "1024Mi",
                "storage": "10Gi",
              },
              "eligibilityRules": [
                {
                  "propertySelector": {
                    "matchExpressions": [
                      {
                        "itemSelector": {
                          "matchExpressions": [
                            {
                              "key": "/type",
                              "operator": "In",
                              "values": [
                                "ethernet",
                              ],
                            },
                          ],
                        },
                        "key": "/interfaces",
                        "operator": "ContainsAny",
                      },
                    ],
                  },
                },
              ],
            },
            "extensions": {
              "x-acme-extensions": {
                "zone": 7,
              },
            },
            "id": "cluster",
            "type": "helm",
          },
          {
            "components": [
              {
                "extensions": {},
                "name": "monitor",
                "properties": {
                  "repository": "oci://reg.acme.test:5000/compose/monitor",
                  "revision": "1.4.2",
                },
              },
            ],
            "extensions": {},
            "id": "single",
            "type": "compose",
          },
        ],
        "version": "1.4.2",
      }
    `);
    expect(JSON.parse(JSON.stringify(description))).toEqual(description);
  });

  it('reads the form of PR1 and says what is old', () => {
    const { description, faults, warnings } = readApplicationDescription(sample('d1'), { tag: '1.0' });
    expect(texts(faults)).toEqual([]);
    expect(texts(warnings)).toMatchInlineSnapshot(`
      [
        "1:13 apiVersion: "margo.org/v1-alpha1" is an old version of the standard; write "v1" [old-form]",
        "10:5 deploymentProfiles[0].id: is missing [missing]",
        "10:11 deploymentProfiles[0].type: "helm.v3" is an old name; write "helm" [old-profile-type]",
        "16:17 deploymentProfiles[0].components[0].properties.wait: is text; write true without quotes [quoted]",
        "17:20 deploymentProfiles[0].components[0].properties.timeout: is read as 5m0s; the standard writes minutes and seconds [nonstandard-timeout]",
        "19:7 deploymentProfiles[0].requiredResources: is the form of PR1; write deviceConstraints [old-form]",
        "24:5 deploymentProfiles[1].id: is missing [missing]",
        "28:28 deploymentProfiles[1].components[0].properties.packageLocation: is the form of PR1; write repository and revision [old-form]",
      ]
    `);
    expect(description).toMatchObject({ id: 'com-acme-hello', version: '1.0', form: 'D1' });
    expect(description?.profiles).toMatchInlineSnapshot(`
      [
        {
          "components": [
            {
              "extensions": {},
              "name": "hello",
              "properties": {
                "repository": "oci://reg.acme.test/charts/hello",
                "revision": "1.0.9",
                "timeout": "5m0s",
                "wait": true,
              },
            },
          ],
          "deviceConstraints": {
            "capacityRequirements": {
              "cpu": {
                "architectures": [
                  "amd64",
                  "arm64",
                ],
                "cores": 2,
              },
              "memory": "512Mi",
              "storage": "1Gi",
            },
            "eligibilityRules": [
              {
                "propertySelector": {
                  "matchExpressions": [
                    {
                      "itemSelector": {
                        "matchExpressions": [
                          {
                            "key": "/type",
                            "operator": "In",
                            "values": [
                              "gpu",
                            ],
                          },
                          {
                            "key": "/manufacturer",
                            "operator": "In",
                            "values": [
                              "NVIDIA",
                            ],
                          },
                        ],
                      },
                      "key": "/peripherals",
                      "operator": "ContainsAll",
                    },
                    {
                      "itemSelector": {
                        "matchExpressions": [
                          {
                            "key": "/type",
                            "operator": "In",
                            "values": [
                              "ethernet",
                            ],
                          },
                        ],
                      },
                      "key": "/interfaces",
                      "operator": "ContainsAll",
                    },
                  ],
                },
              },
            ],
          },
          "extensions": {},
          "id": "helm",
          "type": "helm",
        },
        {
          "components": [
            {
              "extensions": {},
              "name": "hello-compose",
              "properties": {
                "keyLocation": "https://files.acme.test/key.asc",
                "packageLocation": "https://files.acme.test/hello.tar.gz",
              },
            },
          ],
          "extensions": {},
          "id": "compose",
          "type": "compose",
        },
      ]
    `);
  });

  it('imports what can be deployed safely and names each fault', () => {
    const { description, faults, warnings } = readApplicationDescription(sample('wild'), { tag: 'latest' });
    expect(texts(faults)).toEqual([]);
    expect(texts(warnings)).toMatchInlineSnapshot(`
      [
        "1:13 apiVersion: "margo.org/v1-alpha1" is an old version of the standard; write "v1" [old-form]",
        "5:12 metadata.version: is read as the text "2.0"; write it in quotes [not-quoted]",
        "5:12 metadata.version: "2.0" differs from the tag "latest" of the package [version-is-not-tag]",
        "6:28 metadata.catalog.organization: must be a list [wrong-type]",
        "7:3 metadata.licence: is not known here and is ignored [unknown-key]",
        "9:5 deploymentProfiles[0].id: is missing [missing]",
        "9:11 deploymentProfiles[0].type: "helm.v3" is an old name; write "helm" [old-profile-type]",
        "12:77 deploymentProfiles[0].components[0].properties.revision: "v2.0.0" is no SemVer version without "v" and with "_" for "+" [nonstandard-revision]",
        "12:94 deploymentProfiles[0].components[0].properties.timeout: is read as 1m30s; the standard writes minutes and seconds [nonstandard-timeout]",
        "12:98 deploymentProfiles[0].components[0].properties.chart: is not known here and is ignored [unknown-key]",
        "13:77 deploymentProfiles[0].deviceConstraints.capacityRequirements.memory: is no quantity such as 512Mi or 4Gi; no device can meet it [bad-quantity]",
        "16:12 parameters.port.value: the default must be at most 65535, not 70000 [default-outside-schema]",
        "17:53 parameters.port.targets[0].components[0]: no profile has a component "wep"; did you mean "web"? [unknown-component]",
        "24:56 configuration.sections[0].settings[1].schema: there is no schema "levle"; values are not checked [unknown-schema]",
        "25:24 configuration.sections[0].settings[2].parameter: there is no parameter "prot"; the setting is ignored [unknown-parameter]",
        "29:31 configuration.schema[2].dataType: is none of string, integer, double, boolean, array[string], array[integer], array[double], array[boolean]; the schema is ignored [bad-data-type]",
      ]
    `);
    expect(description).toMatchObject({
      form: 'D2',
      version: '2.0',
      parameters: { port: { value: 70000, targets: [] } },
    });
    const properties = { repository: 'oci://reg.acme.test/charts/web', revision: 'v2.0.0', timeout: '1m30s' };
    expect(description?.profiles[0]?.components[0]?.properties).toEqual(properties);
  });

  it('refuses the same when told to be strict', () => {
    const tolerant = readApplicationDescription(sample('wild'), { tag: 'latest' });
    const strict = readApplicationDescription(sample('wild'), { tag: 'latest', strict: true });
    expect(strict.description).toBeUndefined();
    expect(strict.faults).toEqual(tolerant.warnings);
  });

  it('refuses what cannot be deployed with all its faults', () => {
    const { description, faults } = readApplicationDescription(sample('broken'));
    expect(description).toBeUndefined();
    expect(texts(faults)).toMatchInlineSnapshot(`
      [
        "2:5 id: must be lower-case letters, digits and dashes, at most 200 [bad-id]",
        "3:11 metadata.version: is missing [missing]",
        "5:11 deploymentProfiles[0].type: must be helm, compose or custom, not "snap" [bad-type]",
        "7:17 deploymentProfiles[0].components: is empty; a profile needs a component [missing]",
        "9:9 deploymentProfiles[1].id: is the id of another profile too: "a" [duplicate]",
        "12:21 deploymentProfiles[1].components[0].properties.repository: is missing [missing]",
        "13:15 deploymentProfiles[1].components[1].name: is the name of another component too: "web" [duplicate]",
        "14:21 deploymentProfiles[1].components[1].properties.revision: is missing [missing]",
        "15:15 deploymentProfiles[1].components[2].name: must be lower-case letters, digits and dashes, at most 200 [bad-name]",
        "16:35 deploymentProfiles[1].components[2].properties.repository: must be oci://host/path in lower case, without tag or digest [bad-repository]",
        "16:62 deploymentProfiles[1].components[2].properties.revision: must be a SemVer version such as 1.4.2, or a digest [bad-revision]",
        "16:75 deploymentProfiles[1].components[2].properties.wait: must be true or false, not the text "maybe" [wrong-type]",
        "16:91 deploymentProfiles[1].components[2].properties.timeout: must be a time such as 5m0s, more than none [bad-timeout]",
        "17:9 deploymentProfiles[1].components[3].name: is missing [missing]",
        "17:21 deploymentProfiles[1].components[3].properties: must be an object, not 7 [wrong-type]",
        "19:18 parameters.port.value: must be text, a number, true, false or a list of one of these, not an object [wrong-type]",
        "19:38 parameters.port.targets[0].pointer: is missing [missing]",
      ]
    `);
  });

  it.each([
    ['nothing', '', 'missing'],
    ['text', 'hello', 'wrong-type'],
    ['a list', '- a', 'wrong-type'],
    ['bad YAML', 'id: [a\nb: c', 'unreadable'],
    ['a key twice', 'id: a\nid: b', 'duplicate-key'],
    ['an alias', 'a: &a [x]\nb: [*a, *a]', 'alias'],
    ['another kind', 'apiVersion: x\nkind: ApplicationDeployment', 'wrong-kind'],
    ['two documents', 'id: a\n---\nid: b', 'unreadable'],
    ['a tag of a language', 'id: !!js/function "x"', 'unreadable'],
    ['infinity', 'id: .inf', 'not-json'],
    ['deep nesting', `id: ${'['.repeat(50_000)}${']'.repeat(50_000)}`, 'too-deep'],
    ['deep block nesting', '- '.repeat(100_000), 'too-deep'],
    ['deep keys', `id: ${'a: '.repeat(50_000)}`, 'too-deep'],
    ['deep lines', Array.from({ length: 200 }, (_, depth) => `${' '.repeat(depth)}a:`).join('\n'), 'too-deep'],
    ['too much', `id: ${'a'.repeat(1024 * 1024)}`, 'too-large'],
    ['other bytes', new Uint8Array([0xff, 0xfe, 0]), 'not-utf-8'],
  ])('refuses %s', (_name, yaml, code) => {
    const { description, faults } = readApplicationDescription(yaml);
    expect(description).toBeUndefined();
    expect(faults.map((fault) => fault.code)).toContain(code);
    for (const fault of faults) expect(fault).toMatchObject({ line: expect.any(Number), column: expect.any(Number) });
  });

  it('points at the place', () => {
    const { faults } = readApplicationDescription('apiVersion: v1\nid:\n   b: [c\n');
    expect(faults[0]).toMatchObject({ line: 4 });
  });

  it('never throws, whatever stands in the document', () => {
    const lines = sample('d3').split('\n');
    const junk = fc.constantFrom('null', '7', '[]', '{}', 'true', '"x"', '[null]', '[{}]', '{a: {}}', '__proto__');
    fc.assert(
      fc.property(fc.nat(lines.length - 1), junk, (index, value) => {
        const changed = lines.map((line, at) => (at === index ? line.replace(/(:|-) .*$/, `$1 ${value}`) : line));
        const { description, faults } = readApplicationDescription(changed.join('\n'));
        expect(description === undefined).toBe(faults.length > 0);
      }),
      { numRuns: 300 },
    );
  });
});
