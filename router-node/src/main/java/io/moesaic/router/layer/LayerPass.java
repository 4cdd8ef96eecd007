package io.moesaic.router.layer;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import io.grpc.Status;
import io.moesaic.router.capacity.RowTallies;
import io.moesaic.router.capacity.StepRows;
import io.moesaic.router.gate.Choices;
import io.moesaic.router.gate.Gating;
import io.moesaic.router.gate.TokenRows;
import io.moesaic.router.moe.ExpertParallelMoe;
import io.moesaic.router.trunk.RowFailures;
import io.moesaic.tensor.Matrix;
import io.moesaic.tensor.kernel.Compute;
import io.moesaic.wire.FlightFrame;
import io.moesaic.wire.LayerBatch;
import io.moesaic.wire.WireException;
import java.util.BitSet;
import java.util.List;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.memory.OutOfMemoryException;

/// Takes one batch after the other through its layer. What it makes of a batch depends on that
/// batch only. For one thread.
final class LayerPass {
  private final ServedLayers layers;
  private final Compute compute;
  private final BufferAllocator allocator;
  private final ExpertParallelMoe moe;

  /// @param allocator for replies
  LayerPass(ServedLayers layers, Compute compute, BufferAllocator allocator) {
    this.layers = layers;
    this.compute = compute;
    this.allocator = allocator;
    moe = layers.blocks(compute);
  }

  /// What a batch became.
  ///
  /// @param frame the reply, which belongs to whoever is given it
  record Answer(FlightFrame frame, int rows) {}

  /// Computes the reply. The batch stays the caller's.
  ///
  /// @throws WireException for a batch that cannot be computed, naming the field at fault, or
  ///     UNAVAILABLE with the node that did not answer
  Answer run(FlightFrame frame, LayerTarget target) throws WireException {
    var schema = target.schema();
    var options = BatchOptions.parse(frame.verified().metadata(), schema.mode(), layers);
    boolean weighsInput = options.policy().weighsInput();
    int ranks =
        switch (schema.mode()) {
          case EXPERTS -> schema.expertsPerRow();
          case MOE -> options.policy().ranks(layers.bank().experts());
        };
    var batch = LayerBatch.decode(frame, schema, layers.maxRows(ranks, weighsInput));
    int count = batch.rows();
    var kernels = compute.kernels();
    var hidden = Activations.read(schema.type(), batch.hidden(), count, schema.hidden(), kernels);
    var output = Matrix.allocate(count, schema.hidden());
    var tallies = new RowTallies(count, recorded(count, options));
    var rows =
        new StepRows(
            TokenRows.anonymous(count, options.seed()), List.of(options.capacity()), tallies);
    var gating =
        switch (schema.mode()) {
          case EXPERTS -> GivenChoices.read(batch, layers.bank().experts(), weighsInput);
          case MOE -> route(options, target.layer(), hidden, rows);
        };
    var failures = new RowFailures(count);
    moe.forward(target.layer(), hidden, gating, rows, output, failures);
    refuse(failures, count, Status.Code.UNAVAILABLE);
    try (var reply = LayerBatch.reply(allocator, schema, count)) {
      Activations.write(output, schema.type(), reply.hidden(), kernels);
      return new Answer(reply.finish(metadata(options, tallies, count)), count);
    } catch (OutOfMemoryException _) {
      throw new WireException(
          Status.Code.RESOURCE_EXHAUSTED,
          "",
          "no memory for a reply of %d rows: %d of %d bytes are in use"
              .formatted(count, allocator.getAllocatedMemory(), allocator.getLimit()));
    }
  }

  private static BitSet recorded(int count, BatchOptions options) {
    var recorded = new BitSet();
    recorded.set(0, options.returnKept() ? count : 0);
    return recorded;
  }

  private Gating route(BatchOptions options, int layer, Matrix hidden, StepRows rows)
      throws WireException {
    var refusals = new RowFailures(hidden.rows());
    var gating = moe.route(options.policy(), layer, hidden, rows, refusals);
    refuse(refusals, hidden.rows(), Status.Code.INVALID_ARGUMENT);
    return gating;
  }

  /// A batch is answered whole or not at all.
  private static void refuse(RowFailures failures, int rows, Status.Code code)
      throws WireException {
    for (int row = 0; row < rows; row++) {
      var reason = failures.reason(row);
      if (reason != null) {
        throw new WireException(code, "hidden[" + row + "]", reason);
      }
    }
  }

  private static byte[] metadata(BatchOptions options, RowTallies tallies, int rows) {
    var totals = tallies.totals(0, rows);
    var json = JsonNodeFactory.instance.objectNode();
    if (options.requestId() != null) {
      json.set("request_id", options.requestId());
    }
    json.put("offered", totals.offered())
        .put("accepted", totals.accepted())
        .put("dropped", totals.dropped())
        .put("rerouted", totals.rerouted());
    if (options.returnKept()) {
      var kept = json.putArray("kept");
      for (int row = 0; row < rows; row++) {
        var experts = kept.addArray();
        for (int expert : tallies.experts(row)) {
          if (expert != Choices.NONE) {
            experts.add(expert);
          }
        }
      }
    }
    return json.toString().getBytes(UTF_8);
  }
}
