// Server reflection, so that grpcurl works without the .proto files: our descriptors in the form that
// @grpc/reflection takes them.
import { toBinary, type DescFile } from '@bufbuild/protobuf';
import { FileDescriptorProtoSchema } from '@bufbuild/protobuf/wkt';
import { ReflectionService } from '@grpc/reflection';

/** Reflection v1 (and v1alpha) over `files` and all they import. */
export function reflectionOf(files: readonly DescFile[], services: readonly string[]): ReflectionService {
  const all = new Map<string, DescFile>();
  const add = (file: DescFile): void => {
    if (all.has(file.name)) return;
    file.dependencies.forEach(add);
    all.set(file.name, file);
  };
  files.forEach(add);
  const fileDescriptorProtos = [...all.values()].map((file) =>
    Buffer.from(toBinary(FileDescriptorProtoSchema, file.proto)),
  );
  return new ReflectionService(
    { all: { format: 'Protocol Buffer 3 DescriptorProto', type: {}, fileDescriptorProtos } },
    { services: [...services] },
  );
}
