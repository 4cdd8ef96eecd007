package io.moesaic.wire;

import io.grpc.BindableService;
import io.grpc.MethodDescriptor;
import io.grpc.MethodDescriptor.MethodType;
import io.grpc.ServerCallHandler;
import io.grpc.ServerMethodDefinition;
import io.grpc.ServerServiceDefinition;
import io.grpc.ServiceDescriptor;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.apache.arrow.flight.impl.FlightServiceGrpc;
import org.apache.arrow.flight.impl.FlightServiceGrpc.FlightServiceImplBase;
import org.apache.arrow.memory.BufferAllocator;

/// Flight's `DoExchange`, bound to our marshaller. To other clients it is the method of any Flight
/// server; Flight's remaining methods answer UNIMPLEMENTED, or are those of a catalog.
public final class FlightExchange {
  private static final MethodDescriptor<?, ?> ORIGINAL = FlightServiceGrpc.getDoExchangeMethod();

  /// Methods that move no record batches.
  private static final Set<String> CATALOG =
      Stream.of(
              FlightServiceGrpc.getListFlightsMethod(),
              FlightServiceGrpc.getGetFlightInfoMethod(),
              FlightServiceGrpc.getGetSchemaMethod(),
              FlightServiceGrpc.getDoActionMethod(),
              FlightServiceGrpc.getListActionsMethod())
          .map(MethodDescriptor::getFullMethodName)
          .collect(Collectors.toUnmodifiableSet());

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
    return service(allocator, handler, new FlightServiceImplBase() {});
  }

  /// The Flight service with `DoExchange` handled by `handler`, and what tells of flights and
  /// actions by `catalog`, another binding of the same service.
  public static ServerServiceDefinition service(
      BufferAllocator allocator,
      ServerCallHandler<FlightFrame, FlightFrame> handler,
      BindableService catalog) {
    Map<String, ServerMethodDefinition<?, ?>> methods = new LinkedHashMap<>();
    bind(new FlightServiceImplBase() {}, methods);
    bind(catalog, methods);
    methods.put(
        ORIGINAL.getFullMethodName(), ServerMethodDefinition.create(method(allocator), handler));
    // gRPC wants a definition and its descriptor to hold the same method objects.
    var original = FlightServiceGrpc.getServiceDescriptor();
    var descriptor =
        ServiceDescriptor.newBuilder(original.getName())
            .setSchemaDescriptor(original.getSchemaDescriptor());
    methods.values().forEach(method -> descriptor.addMethod(method.getMethodDescriptor()));
    var service = ServerServiceDefinition.builder(descriptor.build());
    methods.values().forEach(service::addMethod);
    return service.build();
  }

  private static void bind(
      BindableService service, Map<String, ServerMethodDefinition<?, ?>> methods) {
    for (var method : service.bindService().getMethods()) {
      var name = method.getMethodDescriptor().getFullMethodName();
      if (!methods.containsKey(name) || CATALOG.contains(name)) {
        methods.put(name, method);
      }
    }
  }
}
