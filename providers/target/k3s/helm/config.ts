import { z } from '../../../../core/plugin/index.js';
import { pointerPattern } from './pointer.js';

const place = z.string().regex(pointerPattern, 'expected a values path such as `global.env`');

export const helmConfig = z.strictObject({
  driver: z
    .enum(['auto', 'controller', 'cli'])
    .default('auto')
    .describe("`controller` is k3s's own (HelmChart), `cli` the helm program; `auto` takes what the cluster has"),
  program: z
    .string()
    .min(1)
    .optional()
    .describe('Path of a helm program, version 3 from 3.13 on, or 4; the `helm` of PATH unless told'),
  ca: z
    .string()
    .min(1)
    .optional()
    .describe("PEM file of the CA that signs the chart registries' certificates; the system's CAs unless told"),
  insecure: z
    .enum(['no', 'skip-verify', 'plain-http'])
    .default('no')
    .describe("How charts may be fetched without a check of the registry's certificate; for trials alone"),
  history: z.int().min(2).max(100).default(5).describe('Revisions of a release that `cli` keeps'),
  otlp: z
    .array(
      z.strictObject({
        values: place.describe('Values path under which the chart takes environment variables'),
        form: z
          .enum(['list', 'map'])
          .default('list')
          .describe('As the chart takes them: a list of `name` and `value`, or a map'),
      }),
    )
    .default([])
    .describe(
      "Where charts are told of the collector of `otlp`, beside what the deployment sets there; a list takes the place of the chart's own, as Helm has it",
    ),
  pullSecrets: z
    .array(
      z.strictObject({
        values: place.describe('Values path under which the chart takes pull secrets'),
        form: z
          .enum(['objects', 'names'])
          .default('objects')
          .describe('As the chart takes them: a list of objects with a `name`, or of names'),
      }),
    )
    .default([{ values: 'imagePullSecrets', form: 'objects' }])
    .describe(
      "Where charts are told of the pull secret that the logins of `registries` become, beside what the deployment sets there; a list takes the place of the chart's own, as Helm has it",
    ),
});

export type HelmConfig = z.output<typeof helmConfig>;
