package io.moesaic.router.placement;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.moesaic.tensor.ffn.ExpertBank;
import io.moesaic.tensor.ffn.ExpertId;
import io.moesaic.tensor.ffn.FeedForward;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class PlacementTest {
  private static final ExpertBank BANK = new ExpertBank(2, 3, new FeedForward.SwiGlu(4, 5));

  private static Set<ExpertId> experts(String... ids) {
    return IntStream.range(0, BANK.count())
        .mapToObj(BANK::at)
        .filter(id -> List.of(ids).contains(id.toString()))
        .collect(Collectors.toSet());
  }

  @Test
  void eachExpertGoesToTheFirstHostThatHasIt() {
    var placement =
        Placement.of(
            7, BANK, List.of(experts("0.1"), experts("0.0", "0.1", "1.2"), experts("1.2", "1.0")));
    assertEquals(1, placement.host(0, 0));
    assertEquals(0, placement.host(0, 1));
    assertEquals(Placement.NO_HOST, placement.host(0, 2));
    assertEquals(2, placement.host(1, 0));
    assertEquals(Placement.NO_HOST, placement.host(1, 1));
    assertEquals(1, placement.host(1, 2));
  }

  @Test
  void saysWhichExpertsNoHostServes() {
    var placement = Placement.of(0, BANK, List.of(experts("0.1", "1.0"), Set.of()));
    assertEquals(
        List.of(new ExpertId(0, 0), new ExpertId(0, 2), new ExpertId(1, 1), new ExpertId(1, 2)),
        placement.missing());
    var all = Placement.of(0, BANK, List.of(experts("0.0", "0.1", "0.2", "1.0", "1.1", "1.2")));
    assertEquals(List.of(), all.missing());
  }

  @Test
  void withoutHostsEveryExpertIsMissing() {
    assertEquals(BANK.count(), Placement.of(0, BANK, List.of()).missing().size());
  }

  @Test
  void keepsTheEpochThatItWasMadeWith() {
    assertEquals(41, Placement.of(41, BANK, List.of()).epoch());
  }
}
