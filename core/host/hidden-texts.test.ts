import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { HiddenTexts } from './hidden-texts.js';

const hiding = (...texts: readonly string[]): HiddenTexts => {
  const hidden = new HiddenTexts();
  for (const text of texts) hidden.add(text);
  return hidden;
};

describe('hidden texts', () => {
  it.each([
    ['nothing of it', 'nothing hidden', 'nothing hidden'],
    ['the whole', 'hunter2', '[secret]'],
    ['its beginning, its end and between', 'hunter2 or hunter2, hunter2', '[secret] or [secret], [secret]'],
    ['one after the other', 'hunter2hunter2', '[secret][secret]'],
    ['less than one', 'hunter', 'hunter'],
    ['less than could be one', 'hun', 'hun'],
    ['nothing at all', '', ''],
    ['a longer one that begins alike', 'hunter2-and-more', '[secret]'],
    ['one within another', 'the xhunter2x', 'the [secret]'],
    ['two that overlap', 'a pass-word-list b', 'a [secret] b'],
    ['other scripts', 'das pässwörd, 密码🔑🔑密码', 'das [secret], 密码[secret]'],
    ['what a mark says', 'a secret', 'a [secret]'],
  ])('are hidden in a text that has %s', (_, text, expected) => {
    const texts = [
      'hunter2',
      'hunter2-and-more',
      'xhunter2x',
      'pass-word',
      'word-list',
      'pässwörd',
      '🔑🔑密码',
      'secret',
    ];
    expect(hiding(...texts).conceal(text)).toBe(expected);
  });

  it('are told again when as many as added them have taken that back', () => {
    const hidden = hiding('hunter2', 'hunter2', 'hunter3');
    hidden.delete('hunter2');
    expect([hidden.conceal('hunter2'), hidden.size]).toEqual(['[secret]', 2]);
    hidden.delete('hunter2');
    hidden.delete('hunter2');
    expect([hidden.conceal('hunter2 hunter3'), hidden.size]).toEqual(['hunter2 [secret]', 1]);
    hidden.delete('hunter3');
    expect([hidden.conceal('hunter3'), hidden.size]).toEqual(['hunter3', 0]);
  });

  it('leave what none of them covers, and nothing else, whatever they are', () => {
    // Of few letters, so that they meet.
    const word = fc.string({ unit: fc.constantFrom('a', 'b', 'ä', '密'), minLength: 4, maxLength: 7 });
    const text = fc.string({ unit: fc.constantFrom('a', 'b', 'ä', '密'), maxLength: 60 });
    fc.assert(
      fc.property(fc.array(word), fc.array(word), text, (kept, forgotten, told) => {
        const hidden = hiding(...kept, ...forgotten);
        for (const each of forgotten) hidden.delete(each);
        const covered = new Set<number>();
        for (const each of kept) {
          for (let at = told.indexOf(each); at >= 0; at = told.indexOf(each, at + 1)) {
            for (let place = at; place < at + each.length; place++) covered.add(place);
          }
        }
        const left = [...told].filter((_, at) => !covered.has(at)).join('');
        expect(hidden.conceal(told).replaceAll('[secret]', '')).toBe(left);
      }),
    );
  });
});
