import { inspect } from 'node:util';

/** How many calls are remembered: the newest, because a case fails where it ends. */
const remembered = 40;

/** The same object, with every call of a method and its outcome written into `history`. */
export function recorded<T>(instance: T, history: string[]): T {
  if (typeof instance !== 'object' || instance === null) return instance;
  const remember = (line: string): void => {
    history.push(line);
    if (history.length > remembered) history.shift();
  };
  return new Proxy(instance, {
    get(target, property) {
      const member: unknown = Reflect.get(target, property, target);
      if (typeof member !== 'function') return member;
      return (...args: unknown[]): unknown => {
        const call = `${String(property)}(${args.map(argument).join(', ')})`;
        const result: unknown = member.apply(target, args);
        if (!(result instanceof Promise)) {
          remember(call);
          return result;
        }
        return result.then(
          (value: unknown) => {
            remember(`${call} -> ${argument(value)}`);
            return value;
          },
          (error: unknown) => {
            remember(`${call} threw ${String(error)}`);
            throw error;
          },
        );
      };
    },
  });
}

function argument(value: unknown): string {
  if (value instanceof AbortSignal) return 'signal';
  if (typeof value === 'function') return 'handler';
  return inspect(value, {
    depth: 5,
    breakLength: Number.POSITIVE_INFINITY,
    maxStringLength: 60,
    maxArrayLength: 6,
  }).replaceAll(/\{ name: ('[^']*'), content: '\w+', indexes: \{[^}]*\} \}/g, '$1');
}
