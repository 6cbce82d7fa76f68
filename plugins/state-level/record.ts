import type { PreparedPut } from 'tutti/plugin';

/** A value as it is kept: 8 bytes of revision, one that says what it is, and the JSON text or the bytes themselves. */
export interface Record {
  readonly revision: number;
  readonly encoded: PreparedPut['encoded'];
}

const json = 0;
const bytes = 1;

export function writeRecord({ revision, encoded }: Record): Buffer {
  const head = Buffer.alloc(9);
  head.writeBigUInt64BE(BigInt(revision));
  head.writeUInt8(typeof encoded === 'string' ? json : bytes, 8);
  return Buffer.concat([head, typeof encoded === 'string' ? Buffer.from(encoded) : encoded]);
}

export function readRecord(record: Buffer): Record {
  const rest = record.subarray(9);
  return {
    revision: Number(record.readBigUInt64BE()),
    encoded: record.readUInt8(8) === json ? rest.toString('utf8') : rest,
  };
}
