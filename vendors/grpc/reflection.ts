import type { Server } from '@grpc/grpc-js';
import { ReflectionService } from '@grpc/reflection';
import { protoPath as healthProto } from 'grpc-health-check';
import { endWith } from './health.js';
import { fileDescriptor, loadedDescriptor, wellKnownDescriptors } from './wire/descriptor.js';
import type { ProtoFile } from './wire/index.js';

type Definitions = ConstructorParameters<typeof ReflectionService>[0];
type AddService = Server['addService'];

/** grpc.reflection.v1 and v1alpha, over descriptors that are made from the operations. */
export function addReflection(server: Server, file: ProtoFile, draining: AbortSignal): void {
  const fileDescriptorProtos = [
    fileDescriptor(file),
    ...wellKnownDescriptors(),
    loadedDescriptor(healthProto, 'grpc/health/v1/health.proto'),
  ].map((bytes) => Buffer.from(bytes));
  // Of a definition as proto-loader makes them, the service reads the descriptors alone.
  const definitions = { tutti: { fileDescriptorProtos } } as unknown as Definitions;
  const addService: AddService = (service, implementation) =>
    server.addService(
      service,
      Object.fromEntries(
        Object.entries(implementation).map(([name, handle]) => [name, endedWith(handle as StreamHandler, draining)]),
      ),
    );
  new ReflectionService(definitions).addToServer({ addService });
}

type StreamHandler = (call: { end(): void; on(event: 'cancelled', listener: () => void): unknown }) => void;

function endedWith(handle: StreamHandler, draining: AbortSignal): StreamHandler {
  return (call) => {
    endWith(call, draining);
    handle(call);
  };
}
