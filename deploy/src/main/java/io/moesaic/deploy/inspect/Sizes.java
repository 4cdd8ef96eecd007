package io.moesaic.deploy.inspect;

import io.moesaic.deploy.inspect.Inspection.NodeShare;
import io.moesaic.deploy.inspect.Inspection.Source;
import io.moesaic.deploy.inspect.Inspection.Weights;
import io.moesaic.expert.store.Shard;
import io.moesaic.tensor.DType;
import io.moesaic.tensor.checkpoint.Checkpoint;
import io.moesaic.tensor.ffn.ExpertBank;
import io.moesaic.tensor.ffn.ExpertId;
import java.util.Arrays;
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
  static Sizes planned(Inventory inventory, StoredForm form, Source source) {
    long bytes = 0;
    long ofExperts = 0;
    for (var entry : inventory.entries()) {
      bytes += form.bytes(entry);
      ofExperts += entry.part() == Part.EXPERTS ? form.bytes(entry) : 0;
    }
    var bank = inventory.bank();
    var each = new long[bank.count()];
    Arrays.fill(each, ofExperts / bank.count());
    long added = RouterMemory.added(inventory, form::type);
    return of(bank, source, form.describe(), bytes, each, added);
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
    long added =
        RouterMemory.added(
            inventory,
            entry ->
                checkpoint.has(entry.name()) ? checkpoint.info(entry.name()).dtype() : DType.F32);
    return of(bank, Source.HEADERS, form, headers.bytes(), each, added);
  }

  private static Sizes of(
      ExpertBank bank, Source source, String form, long bytes, long[] each, long added) {
    long ofExperts = Arrays.stream(each).sum();
    long largest = Arrays.stream(each).max().orElse(0);
    return new Sizes(
        bank,
        new Weights(source, form, bytes, ofExperts, largest, added),
        Arrays.stream(each).boxed().toList());
  }

  /// What each number of nodes has to hold; those above the number of experts are left out.
  List<NodeShare> shares(List<Integer> nodes) {
    return nodes.stream().filter(count -> count <= bank.count()).map(this::share).toList();
  }

  private NodeShare share(int nodes) {
    var shards =
        IntStream.range(0, nodes).mapToObj(index -> new Shard(index, nodes).of(bank)).toList();
    var counts = shards.stream().mapToInt(List::size).summaryStatistics();
    long fullest = shards.stream().mapToLong(this::bytes).max().orElseThrow();
    return new NodeShare(nodes, counts.getMin(), counts.getMax(), fullest);
  }

  private long bytes(List<ExpertId> experts) {
    return experts.stream().mapToLong(id -> expertBytes.get(bank.indexOf(id))).sum();
  }
}
