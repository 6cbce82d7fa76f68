import type { Logger } from '../../core/plugin/index.js';
import { assignNumbers, builtinNumbers, entriesOf, type ProtoFile, parseLock, withBuiltin } from './wire/index.js';

/**
 * Numbers of the built-in operations and of a file; the rest gets the next ones, with a warning: they hold only for as
 * long as nothing is added before them.
 */
export function numbersFor(
  file: ProtoFile,
  own: { readonly text: string; readonly from: string } | undefined,
  log: Logger,
): ProtoFile {
  const lock = own === undefined ? builtinNumbers : withBuiltin(parseLock(own.text, own.from));
  const { file: numbered, added } = assignNumbers(file, lock);
  const open = entriesOf(added);
  if (open.length > 0) {
    log.warn(
      'some fields have no locked number, and may get another one with the next version; run "tutti proto PROFILE --lock FILE", keep the file, and name it in "numbers"',
      { fields: open.length, first: open[0] },
    );
  }
  return numbered;
}
