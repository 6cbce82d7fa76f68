import { protoPath as healthProto } from 'grpc-health-check';
import protobuf from 'protobufjs';
import descriptor from 'protobufjs/ext/descriptor/index.js';
import { expect, it, describe as suite } from 'vitest';
import { readProfile } from '../../../cli/profile.js';
import { describeBindings } from '../../../core/host/index.js';
import { fileDescriptor, loadedDescriptor, wellKnownDescriptors } from './descriptor.js';
import { assignNumbers } from './lock.js';
import { builtinNumbers } from './numbers.js';
import { printProto } from './print.js';
import { describe } from './schema.js';

const read = (bytes: Uint8Array) => descriptor.FileDescriptorProto.decode(bytes).toJSON();

suite('descriptors for reflection', () => {
  it('say of the operations what the printed .proto says', async () => {
    const operations = describeBindings(await readProfile('config/wfm.yaml')).flatMap((binding) => binding.operations);
    const { file } = assignNumbers(describe(operations), builtinNumbers);
    const { root } = protobuf.parse(printProto(file), { keepCase: true });
    for (const path of ['struct', 'empty']) {
      root.addJSON(protobuf.common.get(`google/protobuf/${path}.proto`)?.nested ?? {});
    }
    root.resolveAll();
    const { messageType, service } = read(fileDescriptor(file)) as {
      messageType: { name: string; field?: { name: string; number: number; label: string }[] }[];
      service: { name: string; method: { name: string; serverStreaming?: boolean }[] }[];
    };
    expect(messageType.length).toBeGreaterThan(20);
    for (const { name, field = [] } of messageType) {
      const printed = root.lookupType(`tutti.v1.${name}`).fieldsArray;
      const repeats = (one: protobuf.Field): boolean => one.repeated || one.map;
      expect(field.map((one) => [one.name, one.number, one.label === 'LABEL_REPEATED']).toSorted()).toEqual(
        printed.map((one) => [one.name, one.id, repeats(one)]).toSorted(),
      );
    }
    for (const { name, method } of service) {
      const printed = root.lookupService(`tutti.v1.${name}`).methodsArray;
      expect(method.map((one) => [one.name, one.serverStreaming === true])).toEqual(
        printed.map((one) => [one.name, one.responseStream === true]),
      );
    }
  });

  it('call what a map is made of as protoc does, also in what the library brings along', () => {
    const files = [...wellKnownDescriptors(), loadedDescriptor(healthProto, 'grpc/health/v1/health.proto')].map(read);
    expect(files.map(({ name }) => name)).toEqual([
      'google/protobuf/struct.proto',
      'google/protobuf/empty.proto',
      'grpc/health/v1/health.proto',
    ]);
    const text = JSON.stringify(files);
    expect(text).toContain('"FieldsEntry"');
    expect(text).toContain('"StatusesEntry"');
    expect(text).toContain('"null_value"');
  });
});
