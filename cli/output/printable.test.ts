import { expect, it } from 'vitest';
import { table } from './table.js';
import { fields } from './text.js';

const evil = 'apps/\u001b[2J\u001b]0;owned\u0007x\r\n\u202ey\u009bz';

it('shows nothing in a table that a terminal would obey', () => {
  const shown = table([{ head: 'NAME', value: (name: string) => name }], [evil, 'Zürich 七']);
  expect(shown.split('\n')).toEqual(['NAME', 'apps/ [2J ]0;owned x y z', 'Zürich 七']);
});

it('shows nothing in a description that a terminal would obey, and keeps its lines', () => {
  expect(fields([['Name', 'one\ntwo\u001b[2J']])).toBe('Name:  one\n       two [2J');
  expect(fields([['Seen', ['one\u0007']]])).toBe('Seen:\n  one ');
});
