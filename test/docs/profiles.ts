import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { parse, stringify } from 'yaml';
import type { Block } from './markdown.js';
import type { Clone } from './place.js';

/**
 * A profile must be valid. A part of one says into which profile it belongs (`fragment="config/wfm.yaml"`), and where
 * (`at="providers.packages.config"`), unless that is its top; the profile with the part in it must be valid.
 */
export async function checkProfile(place: Clone, { line, marks, text }: Block): Promise<void> {
  const fragment = marks.get('fragment');
  const part: unknown = parse(text);
  if (fragment === undefined && !isProfile(part)) {
    throw new Error('not a whole profile: say of which it is a part (fragment="config/wfm.yaml"), or skip="why"');
  }
  const whole =
    fragment === undefined
      ? text
      : stringify(merged(parse(readFileSync(join(place.directory, fragment), 'utf8')), within(marks.get('at'), part)));
  const file = marks.get('file') ?? `line-${line}.yaml`;
  place.write(file, whole);
  const program = join(place.directory, 'dist/cli/main.js');
  await promisify(execFile)(process.execPath, [program, 'validate', file], { cwd: place.directory, env: place.env });
}

const isProfile = (value: unknown): boolean => isObject(value) && 'profile' in value;

function within(at: string | undefined, part: unknown): unknown {
  return (at?.split('.') ?? []).reduceRight<unknown>((inner, key) => ({ [key]: inner }), part);
}

/** What the part says, over what the whole says. */
function merged(whole: unknown, part: unknown): unknown {
  if (!isObject(whole) || !isObject(part)) return part;
  const both = Object.keys(part).map((key) => [key, merged(whole[key], part[key])]);
  return { ...whole, ...Object.fromEntries(both) };
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
