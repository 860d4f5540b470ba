// Turns a protobuf-es service descriptor into what grpc-js needs. Knows no service by name.
import type { DescService } from '@bufbuild/protobuf';
import type { MethodDefinition } from '@grpc/grpc-js';

/** One method of a service, with messages as bytes: encoding and decoding stay with the caller. */
export type RawMethod = MethodDefinition<Uint8Array, Uint8Array>;

const asBuffer = (bytes: Uint8Array): Buffer => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
const asIs = (bytes: Buffer): Uint8Array => bytes;

/**
 * The methods of `service` by their local name (`submitReports`), passing messages through as bytes:
 * a server can then refuse one bad message without losing the stream, and decode in its own time.
 */
export function rawServiceDefinition(service: DescService): Record<string, RawMethod> {
  return Object.fromEntries(
    service.methods.map((method) => [
      method.localName,
      {
        path: `/${service.typeName}/${method.name}`,
        requestStream: method.methodKind === 'client_streaming' || method.methodKind === 'bidi_streaming',
        responseStream: method.methodKind === 'server_streaming' || method.methodKind === 'bidi_streaming',
        requestSerialize: asBuffer,
        requestDeserialize: asIs,
        responseSerialize: asBuffer,
        responseDeserialize: asIs,
        originalName: method.localName,
      },
    ]),
  );
}
