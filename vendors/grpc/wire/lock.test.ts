import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { assignNumbers, entriesOf, type NumberLock, parseLock } from './lock.js';
import type { ProtoField, ProtoFile } from './model.js';

const message = 'tutti.v1.Toy';
const types = ['string', 'int64', 'google.protobuf.Value', 'tutti.v1.Other'] as const;

function fileOf(fields: readonly { readonly json: string; readonly type: string }[]): ProtoFile {
  const made = fields.map(
    ({ json, type }): ProtoField => ({ json, name: json, number: 0, shape: 'single', type, comment: [] }),
  );
  return {
    services: [],
    messages: new Map([[message, { name: message, fields: made, reserved: [], form: 'object', comment: [] }]]),
  };
}

const fields = fc.uniqueArray(
  fc.record({ json: fc.constantFrom('a', 'b', 'c', 'd', 'e', 'constructor', '*'), type: fc.constantFrom(...types) }),
  { selector: ({ json }) => json },
);

describe('numbers of fields', () => {
  it('never change and are never given twice, whatever is added and taken away in whatever order', () => {
    fc.assert(
      fc.property(fc.array(fields, { minLength: 1, maxLength: 8 }), (versions) => {
        let lock: NumberLock = {};
        const owners = new Map<number, string>();
        for (const version of versions) {
          const numbered = assignNumbers(fileOf(version), lock);
          const made = numbered.file.messages.get(message);
          for (const { json, type, number } of made?.fields ?? []) {
            const owner = `${json} ${type}`;
            expect(owners.get(number) ?? owner).toBe(owner);
            owners.set(number, owner);
          }
          const used = made?.fields.map(({ number }) => number) ?? [];
          expect([...used, ...(made?.reserved ?? [])].toSorted()).toEqual([...owners.keys()].toSorted());
          lock = JSON.parse(JSON.stringify(numbered.lock)) as NumberLock;
        }
        for (const [number, owner] of owners) {
          expect([...owners].filter(([, other]) => other === owner)).toEqual([[number, owner]]);
        }
      }),
    );
  });

  it('tell what was added, and nothing once that is locked', () => {
    const { lock, added } = assignNumbers(fileOf([{ json: 'a', type: 'string' }]), {});
    expect(entriesOf(added)).toEqual([`${message} a: string`]);
    expect(assignNumbers(fileOf([{ json: 'a', type: 'string' }]), lock)).toMatchObject({ lock, added: {} });
  });

  it('leave out those that protobuf keeps for itself', () => {
    const { lock } = assignNumbers(fileOf([{ json: 'b', type: 'string' }]), { [message]: { 'a: string': 18_999 } });
    expect(lock[message]).toEqual({ 'a: string': 18_999, 'b: string': 20_000 });
  });

  it.each([
    ['[]', 'my.json: expected an object with an entry for each message'],
    ['{"a":1}', 'my.json: a: expected an object with a number for each field'],
    ['{"a":{"b":0}}', 'my.json: a: "b": expected a whole number from 1, found 0'],
    ['{"a":{"b":1,"c":1}}', 'my.json: a: "b" and "c" have the same number 1'],
    ['{', 'my.json is no JSON'],
  ])('come from a file whose faults are told: %s', (text, fault) => {
    expect(() => parseLock(text, 'my.json')).toThrow(fault);
  });
});
