package io.moesaic.expert.store;

import io.moesaic.tensor.ffn.ExpertBank;
import io.moesaic.tensor.ffn.ExpertId;
import java.util.List;
import java.util.stream.IntStream;

/// The part of a model's experts that one of `count` nodes hosts: numbered layer by layer, every
/// `count`-th expert from `index` on. So nodes differ by at most one expert, and a layer's experts
/// are spread over all nodes.
///
/// @param index from 0 to `count - 1`
public record Shard(int index, int count) {
  public Shard {
    if (count < 1 || index < 0 || index >= count) {
      throw new IllegalArgumentException(
          "shard is %d/%d, must be I/N with 0 <= I < N".formatted(index, count));
    }
  }

  /// @param text `I/N`
  /// @throws IllegalArgumentException when it is not
  public static Shard parse(String text) {
    if (!text.matches("[0-9]{1,6}/[0-9]{1,6}")) {
      throw new IllegalArgumentException("shard is \"" + text + "\", must be I/N, such as 0/3");
    }
    int slash = text.indexOf('/');
    return new Shard(
        Integer.parseInt(text.substring(0, slash)), Integer.parseInt(text.substring(slash + 1)));
  }

  /// The experts of this shard, in order.
  ///
  /// @throws IllegalArgumentException when there are more shards than experts
  public List<ExpertId> of(ExpertBank bank) {
    if (count > bank.count()) {
      throw new IllegalArgumentException(
          "shard is %s, but the model has only %d experts in all".formatted(this, bank.count()));
    }
    return IntStream.range(0, bank.count())
        .filter(i -> i % count == index)
        .mapToObj(bank::at)
        .toList();
  }

  @Override
  public String toString() {
    return index + "/" + count;
  }
}
