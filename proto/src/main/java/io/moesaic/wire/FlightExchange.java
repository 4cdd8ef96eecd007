package io.moesaic.wire;

import io.grpc.MethodDescriptor;
import io.grpc.MethodDescriptor.MethodType;
import io.grpc.ServerCallHandler;
import io.grpc.ServerServiceDefinition;
import io.grpc.ServiceDescriptor;
import org.apache.arrow.flight.impl.FlightServiceGrpc;
import org.apache.arrow.flight.impl.FlightServiceGrpc.FlightServiceImplBase;
import org.apache.arrow.memory.BufferAllocator;

/// Flight's `DoExchange`, bound to our marshaller. To other clients it is the method of any Flight
/// server; Flight's remaining methods answer UNIMPLEMENTED.
public final class FlightExchange {
  private static final MethodDescriptor<?, ?> ORIGINAL = FlightServiceGrpc.getDoExchangeMethod();

  private FlightExchange() {}

  /// @param allocator for the bodies of frames that arrive
  public static MethodDescriptor<FlightFrame, FlightFrame> method(BufferAllocator allocator) {
    var marshaller = new FlightMarshaller(allocator);
    return MethodDescriptor.<FlightFrame, FlightFrame>newBuilder()
        .setType(MethodType.BIDI_STREAMING)
        .setFullMethodName(ORIGINAL.getFullMethodName())
        .setSchemaDescriptor(ORIGINAL.getSchemaDescriptor())
        .setRequestMarshaller(marshaller)
        .setResponseMarshaller(marshaller)
        .build();
  }

  /// The Flight service with `DoExchange` handled by `handler`.
  public static ServerServiceDefinition service(
      BufferAllocator allocator, ServerCallHandler<FlightFrame, FlightFrame> handler) {
    var original = FlightServiceGrpc.getServiceDescriptor();
    var exchange = method(allocator);
    // gRPC wants a definition and its descriptor to hold the same method objects.
    var descriptor =
        ServiceDescriptor.newBuilder(original.getName())
            .setSchemaDescriptor(original.getSchemaDescriptor());
    original.getMethods().forEach(m -> descriptor.addMethod(isExchange(m) ? exchange : m));
    var service = ServerServiceDefinition.builder(descriptor.build()).addMethod(exchange, handler);
    new FlightServiceImplBase() {}.bindService().getMethods().stream()
        .filter(method -> !isExchange(method.getMethodDescriptor()))
        .forEach(service::addMethod);
    return service.build();
  }

  private static boolean isExchange(MethodDescriptor<?, ?> method) {
    return method.getFullMethodName().equals(ORIGINAL.getFullMethodName());
  }
}
