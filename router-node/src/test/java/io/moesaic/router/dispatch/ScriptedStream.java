package io.moesaic.router.dispatch;

import static java.lang.foreign.ValueLayout.JAVA_FLOAT_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_SHORT_UNALIGNED;

import io.grpc.Metadata;
import io.grpc.MethodDescriptor.Marshaller;
import io.grpc.ServerCall;
import io.grpc.ServerServiceDefinition;
import io.grpc.Status;
import io.moesaic.tensor.BFloat16;
import io.moesaic.tensor.ffn.ExpertId;
import io.moesaic.wire.FlightExchange;
import io.moesaic.wire.FlightFrame;
import io.moesaic.wire.ReplyBatch;
import io.moesaic.wire.TokenBatch;
import io.moesaic.wire.TokenSchema;
import io.moesaic.wire.WireException;
import io.moesaic.wire.WireLimits;
import io.moesaic.wire.WireType;
import io.moesaic.wire.v1.DispatchHeader;
import io.moesaic.wire.v1.ReplyHeader;
import java.io.ByteArrayInputStream;
import java.io.InputStream;
import java.util.ArrayList;
import java.util.List;
import org.apache.arrow.flight.impl.FlightServiceGrpc;
import org.jspecify.annotations.Nullable;

/// One stream of a [ScriptedExpertNode]. What it sends are frames, or bytes that only claim to be.
final class ScriptedStream extends ServerCall.Listener<FlightFrame> {
  private static final int CREDITS = 1000;

  private final ScriptedExpertNode node;
  private final ServerCall<FlightFrame, Object> call;
  private @Nullable TokenSchema schema;
  private boolean ended;

  private ScriptedStream(ScriptedExpertNode node, ServerCall<FlightFrame, Object> call) {
    this.node = node;
    this.call = call;
    call.sendHeaders(new Metadata());
    call.request(CREDITS);
  }

  /// `DoExchange` as [FlightExchange] binds it, but for what may be sent.
  static ServerServiceDefinition service(ScriptedExpertNode node) {
    var original = FlightExchange.method(node.allocator());
    var method =
        original.toBuilder(
                original.getRequestMarshaller(),
                new FramesOrBytes(original.getResponseMarshaller()))
            .build();
    return ServerServiceDefinition.builder(FlightServiceGrpc.SERVICE_NAME)
        .addMethod(method, (call, _) -> new ScriptedStream(node, call))
        .build();
  }

  private record FramesOrBytes(Marshaller<FlightFrame> frames) implements Marshaller<Object> {
    @Override
    public InputStream stream(Object message) {
      return message instanceof FlightFrame frame
          ? frames.stream(frame)
          : new ByteArrayInputStream((byte[]) message);
    }

    @Override
    public Object parse(InputStream stream) {
      throw new IllegalStateException("a node parses no replies");
    }
  }

  @Override
  public void onMessage(FlightFrame frame) {
    try (frame) {
      var opened = schema;
      if (opened == null) {
        schema = TokenSchema.decodeRequest(frame.verified().header());
        if (node.acceptsStreams()) {
          call.sendMessage(schema.reply().frame(new byte[0]));
        }
      } else {
        react(
            opened, TokenBatch.header(frame), TokenBatch.decode(frame, opened, WireLimits.DEFAULT));
      }
    } catch (WireException e) {
      end(e.status());
    }
  }

  private void react(TokenSchema schema, DispatchHeader request, TokenBatch batch) {
    var header = ReplyHeader.newBuilder().setRequestId(request.getRequestId());
    var slots = slots(request.getLayer(), batch);
    switch (node.reaction()) {
      case Reaction.Answer() -> send(answer(schema.reply(), header.build(), slots, slots.size()));
      case Reaction.Keep() ->
          node.keep(() -> send(answer(schema.reply(), header.build(), slots, slots.size())));
      case Reaction.Refuse(var code, var message) ->
          send(
              ReplyBatch.refusal(
                  node.allocator(),
                  schema.reply(),
                  header.setCode(code.value()).setMessage(message).build()));
      case Reaction.MiscountBy(int rows) ->
          send(answer(schema.reply(), header.build(), slots, slots.size() + rows));
      case Reaction.Narrow() ->
          send(
              answer(
                  new TokenSchema(schema.type(), schema.hidden() - 1, 0),
                  header.build(),
                  List.of(),
                  slots.size()));
      case Reaction.Send(var bytes) -> send(bytes);
      case Reaction.End(var status) -> end(status);
      case Reaction.Die() -> node.die();
    }
  }

  /// A row and one of its experts, as values: the batch is gone before a late answer.
  private record Slot(ExpertId expert, float[] x) {}

  private static List<Slot> slots(int layer, TokenBatch batch) {
    List<Slot> slots = new ArrayList<>();
    for (int row = 0; row < batch.rows(); row++) {
      for (int rank = 0; rank < batch.schema().expertsPerRow(); rank++) {
        if (batch.expert(row, rank) != TokenBatch.NO_EXPERT) {
          slots.add(new Slot(new ExpertId(layer, batch.expert(row, rank)), row(batch, row)));
        }
      }
    }
    return slots;
  }

  private static float[] row(TokenBatch batch, int row) {
    var x = new float[batch.schema().hidden()];
    for (int i = 0; i < x.length; i++) {
      long at = (long) row * x.length + i;
      x[i] =
          batch.schema().type() == WireType.F32
              ? batch.hidden().get(JAVA_FLOAT_UNALIGNED, at * 4)
              : BFloat16.widen(batch.hidden().get(JAVA_SHORT_UNALIGNED, at * 2));
    }
    return x;
  }

  /// @param rows of the answer; those that no slot is for hold zeros
  private FlightFrame answer(TokenSchema reply, ReplyHeader header, List<Slot> slots, int rows) {
    try (var draft = ReplyBatch.allocate(node.allocator(), reply, rows)) {
      draft.hidden().fill((byte) 0);
      for (int slot = 0; slot < Math.min(rows, slots.size()); slot++) {
        var y = node.compute(slots.get(slot).expert(), slots.get(slot).x());
        for (int i = 0; i < y.length; i++) {
          long at = (long) slot * y.length + i;
          if (reply.type() == WireType.F32) {
            draft.hidden().set(JAVA_FLOAT_UNALIGNED, at * 4, y[i]);
          } else {
            draft.hidden().set(JAVA_SHORT_UNALIGNED, at * 2, BFloat16.round(y[i]));
          }
        }
      }
      return draft.finish(header);
    }
  }

  private synchronized void send(Object message) {
    if (!ended) {
      call.sendMessage(message);
    } else if (message instanceof FlightFrame frame) {
      frame.close();
    }
  }

  private synchronized void end(Status status) {
    if (!ended) {
      ended = true;
      call.close(status, new Metadata());
    }
  }

  @Override
  public synchronized void onCancel() {
    ended = true;
  }
}
