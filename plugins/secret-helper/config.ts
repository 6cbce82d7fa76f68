import { z } from 'tutti/plugin';

export const config = z.strictObject({
  helper: z
    .string()
    .regex(/^[a-z0-9][a-z0-9-]{0,62}$/, 'expected what follows docker-credential-, such as pass')
    .describe('Which helper: docker-credential-<helper>'),
  directory: z.string().min(1).optional().describe('Folder of the helper; it is looked for on PATH unless told'),
  prefix: z
    .string()
    .regex(/^[\x21-\x7e]*$/, 'expected letters, digits and signs, without spaces')
    .default('tutti://')
    .describe('Comes before the name of a secret, where the helper has the address of a server'),
  timeoutSeconds: z.number().min(0.1).max(300).default(10).describe('Seconds that the helper has to answer'),
  parallel: z.number().int().min(1).max(64).default(8).describe('Helpers that run at the same time'),
});
