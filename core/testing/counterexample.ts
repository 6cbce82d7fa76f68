import fc from 'fast-check';

/** What fast-check found, for a person: its records have no prototype, which nobody wants to read of each. */
export function shownCounterexample(value: unknown): string {
  return fc.stringify(value).replaceAll(/(?<=\{)__proto__:null,?/g, '');
}
