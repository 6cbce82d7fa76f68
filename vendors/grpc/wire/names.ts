/** Package of all services and messages. */
export const protoPackage = 'tutti.v1';

/** What an operation is called in a .proto. */
export interface MethodName {
  /** `tutti.v1.Deployments`. */
  readonly service: string;
  /** `List`. */
  readonly method: string;
}

/** `deployments.list` is `List` of `tutti.v1.Deployments`; what stands before the last dot is the noun. */
export function methodNameOf(operationId: string): MethodName {
  const at = operationId.lastIndexOf('.');
  const noun = at < 0 ? 'operations' : operationId.slice(0, at);
  return { service: `${protoPackage}.${pascal(noun)}`, method: pascal(operationId.slice(at + 1)) };
}

/** The path of a call on the wire. */
export function pathOf({ service, method }: MethodName): string {
  return `/${service}/${method}`;
}

/** `additional-info` and `additionalInfo` are both `AdditionalInfo`. */
export function pascal(text: string): string {
  const name = text
    .split(/[^A-Za-z0-9]+/)
    .filter((part) => part !== '')
    .map((part) => part.charAt(0).toUpperCase() + part.slice(1))
    .join('');
  return /^[A-Za-z]/.test(name) ? name : `X${name}`;
}

/** The name of a field by the style guide: `appPackageId` is `app_package_id`. */
export function snake(text: string): string {
  const name = text
    .replaceAll(/([a-z0-9])([A-Z])/g, '$1_$2')
    .replaceAll(/([A-Z])([A-Z][a-z])/g, '$1_$2')
    .replaceAll(/[^A-Za-z0-9]+/g, '_')
    .replaceAll(/^_+|_+$/g, '')
    .toLowerCase();
  return /^[a-z]/.test(name) ? name : `f_${name}`;
}

/** The first of `name`, `name2`, `name3`, ... that nobody has. */
export function unused(name: string, taken: ReadonlySet<string>, separator = ''): string {
  let found = name;
  for (let count = 2; taken.has(found); count++) found = `${name}${separator}${count}`;
  return found;
}
