package io.moesaic.router.placement;

import io.moesaic.tensor.ffn.ExpertBank;
import io.moesaic.tensor.ffn.ExpertId;
import java.util.Arrays;
import java.util.Collection;
import java.util.List;
import java.util.stream.IntStream;

/// A snapshot of which host serves each expert. Hosts are numbered as in the list that the snapshot
/// was made of. Immutable: a change of the cluster makes a new one with a higher epoch.
public final class Placement {
  /// Stands where no host serves an expert.
  public static final int NO_HOST = -1;

  private final long epoch;
  private final ExpertBank bank;
  private final int[] hosts;
  private final List<ExpertId> missing;

  private Placement(long epoch, ExpertBank bank, int[] hosts) {
    this.epoch = epoch;
    this.bank = bank;
    this.hosts = hosts;
    missing =
        IntStream.range(0, hosts.length)
            .filter(i -> hosts[i] == NO_HOST)
            .mapToObj(bank::at)
            .toList();
  }

  /// Each expert goes to the first host that has it.
  ///
  /// @param held for each host, the experts that it serves now
  public static Placement of(
      long epoch, ExpertBank bank, List<? extends Collection<ExpertId>> held) {
    var hosts = new int[bank.count()];
    Arrays.fill(hosts, NO_HOST);
    for (int host = held.size() - 1; host >= 0; host--) {
      for (var id : held.get(host)) {
        hosts[bank.indexOf(id)] = host;
      }
    }
    return new Placement(epoch, bank, hosts);
  }

  public long epoch() {
    return epoch;
  }

  /// The host of an expert, or [#NO_HOST].
  public int host(int layer, int expert) {
    return hosts[layer * bank.experts() + expert];
  }

  /// The experts that no host serves, in order.
  public List<ExpertId> missing() {
    return missing;
  }
}
