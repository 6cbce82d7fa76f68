// biome-ignore-all lint/suspicious/noTemplateCurlyInString: the text under test is the profile's, no template
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { substitute } from './substitute.js';

const variable = fc.stringMatching(/^[A-Za-z_][A-Za-z0-9_]{0,12}$/);

describe('substitute', () => {
  it('leaves text without "$" alone', () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        const plain = text.replaceAll('$', '');
        expect(substitute(plain, {})).toEqual({ text: plain, variables: [], faults: [] });
      }),
    );
  });

  it('gives back any text whose "$" are doubled', () => {
    const dollars = fc.array(fc.constantFrom('$', '{', '}', 'env:', 'A', ':-', ' ')).map((parts) => parts.join(''));
    fc.assert(
      fc.property(dollars, (text) => {
        const doubled = text.replaceAll('$', () => '$$');
        expect(substitute(doubled, { A: 'x' })).toEqual({ text, variables: [], faults: [] });
      }),
    );
  });

  it('takes a value as it is, whatever it looks like', () => {
    fc.assert(
      fc.property(variable, fc.oneof(fc.string(), fc.constantFrom('${env:A}', '$$', '$&', '${')), (name, value) => {
        const { text, variables, faults } = substitute(`<\${env:${name}}>`, { [name]: value });
        expect({ text, variables, faults }).toEqual({ text: `<${value}>`, variables: [name], faults: [] });
      }),
    );
  });

  it('uses the default for what is unset or empty, and only then', () => {
    expect(substitute('${env:A:-./d}', {}).text).toBe('./d');
    expect(substitute('${env:A:-./d}', { A: '' }).text).toBe('./d');
    expect(substitute('${env:A:-./d}', { A: 'x' }).text).toBe('x');
    expect(substitute('${env:A:-}', {}).text).toBe('');
    expect(substitute('${env:A:-$$5}', {}).text).toBe('$5');
    expect(substitute('${env:A}', { A: '' })).toEqual({ text: '', variables: ['A'], faults: [] });
  });

  it('takes the first of several that is set and not empty', () => {
    const text = '${env:A|B:-c}';
    expect(substitute(text, { A: 'a', B: 'b' })).toEqual({ text: 'a', variables: ['A', 'B'], faults: [] });
    expect(substitute(text, { A: '', B: 'b' }).text).toBe('b');
    expect(substitute(text, { A: '' }).text).toBe('c');
    expect(substitute('${env:A|B}', { B: '' }).text).toBe('');
    expect(substitute('${env:A|B}', {}).faults).toMatchObject([{ message: expect.stringContaining('A or B') }]);
  });

  it('does not take what every object has for a variable', () => {
    expect(substitute('${env:constructor}', {}).faults).toMatchObject([{ code: 'missing-variable' }]);
  });

  it.each([
    ['${A}', 'malformed-substitution'],
    ['${env:}', 'malformed-substitution'],
    ['${env:1A}', 'malformed-substitution'],
    ['${env:A', 'malformed-substitution'],
    ['${env:A:-${env:B}', 'malformed-substitution'],
    ['${env:A-x}', 'malformed-substitution'],
    ['${env:A|}', 'malformed-substitution'],
    ['${}', 'malformed-substitution'],
    ['${env:A}', 'missing-variable'],
  ])('refuses %s', (text, code) => {
    expect(substitute(text, {}).faults).toMatchObject([{ code }]);
  });

  it('never says what a malformed substitution holds beside the name', () => {
    const { faults } = substitute('${TOKEN:-hunter2} ${env:TOKEN-hunter2} ${env:TOKEN:-hunter2', {});
    expect(faults).toHaveLength(3);
    expect(faults.map(({ message }) => message).join()).not.toContain('hunter2');
  });

  it('reports all faults of a text', () => {
    expect(substitute('${A} ${env:B} ${env:C:-c} ${env:D', {}).faults.map(({ raw }) => raw)).toEqual([
      '${A}',
      '${env:B}',
      '${env:D',
    ]);
  });
});
