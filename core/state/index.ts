/** What every state provider needs and none may take from another. */
export { checkExpectation, type PreparedChange, type PreparedPut, prepareChanges } from './changes.js';
export { Declarations } from './declarations.js';
export {
  decodeValue,
  type Encoded,
  frozenCopy,
  frozenJson,
  type IndexEntry,
  indexEntries,
  jsonText,
} from './document.js';
export { ChangeFeed, type CommittedChange } from './feed.js';
export { buildPage, checkIndex, type KeyRange, keyRange } from './query.js';
export { fromStored, toStored } from './text-order.js';
