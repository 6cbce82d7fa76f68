/** What a .proto says, as data: schema makes it, print, descriptor and codec read it. */
export interface ProtoFile {
  readonly services: readonly ProtoService[];
  /** By full name. */
  readonly messages: ReadonlyMap<string, ProtoMessage>;
}

export interface ProtoService {
  /** `tutti.v1.Deployments`. */
  readonly name: string;
  readonly methods: readonly ProtoMethod[];
}

export interface ProtoMethod {
  readonly operation: string;
  readonly name: string;
  /** Full names of messages. */
  readonly request: string;
  readonly response: string;
  readonly streams: boolean;
  /** `safe` and `idempotent` operations may be called again. */
  readonly idempotency: 'safe' | 'idempotent' | 'once';
  readonly comment: readonly string[];
}

export interface ProtoMessage {
  /** `tutti.v1.DeploymentsListRequest`; nested ones `tutti.v1.DeploymentsListRequest.Document`. */
  readonly name: string;
  readonly fields: readonly ProtoField[];
  /** Numbers of fields that are gone. */
  readonly reserved: readonly number[];
  /**
   * How it stands for a JSON value:
   * - `object`: field by field.
   * - `list`, `map`: its one field alone, an array or a record that may be missing.
   * - `item`: an item of a stream; `value`: a value that is no object; `representation`: bytes. Made by the binding itself.
   */
  readonly form: 'object' | 'list' | 'map' | 'item' | 'value' | 'representation';
  readonly comment: readonly string[];
}

export type Scalar = 'string' | 'bool' | 'int64' | 'double' | 'bytes';

export const wellKnown = {
  empty: 'google.protobuf.Empty',
  value: 'google.protobuf.Value',
  struct: 'google.protobuf.Struct',
} as const;

export interface ProtoField {
  /** The member of the JSON object; {@link additionalMembers} for all that are not declared. */
  readonly json: string;
  /** The name in the .proto. */
  readonly name: string;
  /** 0 until a lock has given one. */
  readonly number: number;
  /** Repeated ones have no presence; all others have. Keys of maps are strings. */
  readonly shape: 'single' | 'repeated' | 'map';
  /** A scalar, a well-known type, or the full name of a message. */
  readonly type: string;
  readonly comment: readonly string[];
}

/** Stands in {@link ProtoField.json} for all members that a loose object has beside those that it declares. */
export const additionalMembers = '*';

const scalars: ReadonlySet<string> = new Set<Scalar>(['string', 'bool', 'int64', 'double', 'bytes']);

export function isScalar(type: string): type is Scalar {
  return scalars.has(type);
}
