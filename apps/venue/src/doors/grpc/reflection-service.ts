import { create, type DescFile, type DescService, toBinary } from '@bufbuild/protobuf';
import { FileDescriptorProtoSchema } from '@bufbuild/protobuf/wkt';
import { Code, type HandlerContext, type ServiceImpl } from '@connectrpc/connect';
import type { Gate } from './gate.ts';
import * as pb from './generated/grpc/reflection/v1/reflection_pb.js';

/** Server reflection: tells a client that has no .proto file what there is. */
export class ReflectionService implements ServiceImpl<typeof pb.ServerReflection> {
  readonly #services: readonly DescService[];
  readonly #files: Map<string, DescFile>;
  readonly #encoded = new Map<DescFile, Uint8Array[]>();
  readonly #gate: Gate;

  constructor(services: readonly DescService[], gate: Gate) {
    this.#services = services;
    this.#gate = gate;
    this.#files = new Map(services.map(({ file }) => [`${file.name}.proto`, file]));
  }

  async *serverReflectionInfo(
    requests: AsyncIterable<pb.ServerReflectionRequest>,
    context: HandlerContext,
  ): AsyncGenerator<pb.ServerReflectionResponse> {
    for await (const request of requests) {
      await this.#gate.admitAnybody(context, 1);
      const messageResponse = this.#answer(request.messageRequest);
      yield create(pb.ServerReflectionResponseSchema, { validHost: request.host, originalRequest: request, messageResponse });
    }
  }

  #answer({ case: asked, value }: pb.ServerReflectionRequest['messageRequest']): pb.ServerReflectionResponse['messageResponse'] {
    if (asked === 'listServices') {
      const service = this.#services.map(({ typeName: name }) => create(pb.ServiceResponseSchema, { name }));
      return { case: 'listServicesResponse', value: create(pb.ListServiceResponseSchema, { service }) };
    }
    const file =
      asked === 'fileByFilename' ? this.#files.get(value) : asked === 'fileContainingSymbol' ? this.#containing(value) : undefined;
    if (file === undefined) {
      const error = { errorCode: Code.NotFound, errorMessage: `not found: ${String(value).slice(0, 100)}` };
      return { case: 'errorResponse', value: create(pb.ErrorResponseSchema, error) };
    }
    let fileDescriptorProto = this.#encoded.get(file);
    if (fileDescriptorProto === undefined) {
      fileDescriptorProto = [file, ...file.dependencies].map(({ proto }) => toBinary(FileDescriptorProtoSchema, proto));
      this.#encoded.set(file, fileDescriptorProto);
    }
    return { case: 'fileDescriptorResponse', value: create(pb.FileDescriptorResponseSchema, { fileDescriptorProto }) };
  }

  #containing(symbol: string): DescFile | undefined {
    const names = ({ services, messages, enums }: DescFile) => [
      ...services.flatMap((service) => [service.typeName, ...service.methods.map(({ name }) => `${service.typeName}.${name}`)]),
      ...[...messages, ...enums].map(({ typeName }) => typeName),
    ];
    return [...this.#files.values()].find((file) => names(file).includes(symbol));
  }
}
