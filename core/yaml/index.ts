import { parseDocument } from 'yaml';
import { tooDeepAt } from './depth.js';

export { tooDeepAt } from './depth.js';

export type LooseYaml =
  | { readonly value: unknown; readonly fault?: never }
  | {
      readonly fault: { readonly message: string; readonly line: number; readonly column: number };
      readonly value?: never;
    };

/**
 * Reads one YAML document that somebody else wrote, as plain values; anchors and merge keys are followed as far as they
 * are no bomb. Never throws, and never lets the parser overflow the stack, which would end the process.
 */
export function readLooseYaml(text: string): LooseYaml {
  if (tooDeepAt(text) !== undefined) return fault('is nested too deeply');
  const document = parseDocument(text, { merge: true });
  const [error] = document.errors;
  if (error) return fault(error.message, error.linePos?.[0]);
  try {
    return { value: document.toJS() };
  } catch (cause) {
    // The library's own limit on how often aliases may be followed.
    return fault(cause instanceof Error ? cause.message : String(cause));
  }
}

function fault(message: string, at?: { readonly line: number; readonly col: number }): LooseYaml {
  return { fault: { message, line: at?.line ?? 1, column: at?.col ?? 1 } };
}
