package io.moesaic.deploy.inspect;

import io.moesaic.deploy.inspect.Inspection.NodeShare;
import io.moesaic.deploy.inspect.Inspection.Weights;
import io.moesaic.expert.store.Shard;
import io.moesaic.tensor.DType;
import io.moesaic.tensor.checkpoint.Checkpoint;
import io.moesaic.tensor.ffn.ExpertBank;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/// How many bytes a model takes, and which part of them a node.
///
/// @param expertBytes of each expert, numbered as in [ExpertBank#indexOf]
record Sizes(ExpertBank bank, Weights weights, List<Long> expertBytes) {
  Sizes {
    expertBytes = List.copyOf(expertBytes);
  }

  /// What `config.json` lets expect.
  static Sizes planned(Inventory inventory, StoredForm form) {
    long bytes = 0;
    long ofExperts = 0;
    for (var entry : inventory.entries()) {
      bytes += form.bytes(entry);
      ofExperts += entry.part() == Part.EXPERTS ? form.bytes(entry) : 0;
    }
    var bank = inventory.bank();
    var each = new long[bank.count()];
    Arrays.fill(each, ofExperts / bank.count());
    return of(bank, true, form.describe(), bytes, each);
  }

  /// What the headers say.
  ///
  /// @throws io.moesaic.tensor.checkpoint.CheckpointException when an expert cannot be loaded
  static Sizes stored(Inventory inventory, Checkpoint checkpoint, Headers headers) {
    var bank = inventory.bank();
    var each = new long[bank.count()];
    Arrays.setAll(each, index -> bank.storedBytes(checkpoint, bank.at(index)));
    var form =
        headers.types().stream()
            .map(DType::name)
            .map(name -> name.toLowerCase(Locale.ROOT))
            .collect(Collectors.joining(", "));
    return of(bank, false, form, headers.bytes(), each);
  }

  private static Sizes of(ExpertBank bank, boolean planned, String form, long bytes, long[] each) {
    long ofExperts = Arrays.stream(each).sum();
    long largest = Arrays.stream(each).max().orElse(0);
    return new Sizes(
        bank,
        new Weights(planned, form, bytes, ofExperts, largest),
        Arrays.stream(each).boxed().toList());
  }

  /// The fullest node of each number of nodes.
  List<NodeShare> shares(List<Integer> nodes) {
    return nodes.stream().filter(count -> count <= bank.count()).map(this::share).toList();
  }

  private NodeShare share(int nodes) {
    return IntStream.range(0, nodes)
        .mapToObj(index -> share(new Shard(index, nodes)))
        .max(Comparator.comparingLong(NodeShare::bytes))
        .orElseThrow();
  }

  private NodeShare share(Shard shard) {
    var experts = shard.of(bank);
    long bytes = experts.stream().mapToLong(id -> expertBytes.get(bank.indexOf(id))).sum();
    return new NodeShare(shard.count(), experts.size(), bytes);
  }
}
