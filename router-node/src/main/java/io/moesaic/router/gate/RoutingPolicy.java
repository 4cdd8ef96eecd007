package io.moesaic.router.gate;

/// How a token's gate scores become expert choices and weights. Pure data: the arithmetic is in
/// [RoutingPolicies], the spelling for people in [PolicyJson].
///
/// Notation: `E` experts, `l` the gate's logits of a token (one for each expert), `p = softmax(l)`,
/// `s = sigmoid(l)`. "The best k" are by value descending, then by lower index.
public sealed interface RoutingPolicy {
  /// Every expert, with weight `p` (Jacobs, Jordan, Nowlan and Hinton 1991).
  record Dense() implements RoutingPolicy {}

  /// The best k of `h = l + N(0, 1) · (softplus(noise logits) + epsilon)`, with the softmax over
  /// these k (Shazeer et al. 2017). Without noise, as in serving, `h = l`.
  ///
  /// @param noise whether to draw it, seeded by request, position and layer
  /// @param epsilon least standard deviation
  record NoisyTopK(int k, boolean noise, double epsilon) implements RoutingPolicy {
    public NoisyTopK {
      requireRanks(k);
      require(epsilon >= 0 && epsilon < 100, "epsilon", epsilon, "from 0 to 100");
    }
  }

  /// The best expert of p, and the second with a probability that grows with its gate (GShard,
  /// Lepikhin et al. 2020).
  ///
  /// @param second whether the second expert is drawn or always kept
  /// @param threshold the second is kept for certain from this gate on
  /// @param normalize `BEFORE`: the two gates are divided by their sum, then drawn (Mesh
  ///     TensorFlow); `AFTER`: drawn by p, then what is kept is divided by its sum (NLLB)
  record GShardTop2(Second second, double threshold, Normalize normalize) implements RoutingPolicy {
    public GShardTop2 {
      require(threshold > 0 && threshold <= 1, "threshold", threshold, "above 0, at most 1");
    }

    public enum Second {
      RANDOM,
      ALWAYS
    }

    public enum Normalize {
      BEFORE,
      AFTER
    }
  }

  /// The best expert of p with weight p (Switch Transformers, Fedus et al. 2021).
  record SwitchTop1() implements RoutingPolicy {}

  /// The best k of p, with weight p (V-MoE, OLMoE, Qwen2-MoE, DeepSeek-V2-Lite) or p divided by the
  /// sum over the k (Mixtral, Qwen3-MoE).
  ///
  /// @param scale multiplies all weights
  record SoftmaxTopK(int k, boolean renormalize, float scale) implements RoutingPolicy {
    public SoftmaxTopK {
      requireRanks(k);
      requireScale(scale);
    }
  }

  /// The best k of l, with the softmax over these k (Granite-MoE, JetMoE, gpt-oss).
  record TopKSoftmax(int k) implements RoutingPolicy {
    public TopKSoftmax {
      requireRanks(k);
    }
  }

  /// The best k of p in the best groups of experts, a group being as good as its best expert, with
  /// weight p (DeepSeek-V2).
  ///
  /// @param groups into which the experts are split, in order
  /// @param topGroups that a token may use
  /// @param scale multiplies all weights
  record GroupLimitedSoftmax(int k, int groups, int topGroups, boolean renormalize, float scale)
      implements RoutingPolicy {
    public GroupLimitedSoftmax {
      requireRanks(k);
      requireGroups(groups, topGroups);
      requireScale(scale);
    }
  }

  /// The best k of `c = s + bias` in the best groups, a group being as good as the sum of its two
  /// best, with weight s, which the bias does not enter (DeepSeek-V3; with one group MiniMax-M2).
  ///
  /// @param renormalize whether weights are divided by their sum + 1e-20
  /// @param scale multiplies all weights
  /// @param mask what stands for the experts of the other groups. With `ZERO` (transformers 4) they
  ///     win over experts whose c is negative
  record GroupLimitedSigmoid(
      int k, int groups, int topGroups, boolean renormalize, float scale, Mask mask)
      implements RoutingPolicy {
    public GroupLimitedSigmoid {
      requireRanks(k);
      requireGroups(groups, topGroups);
      requireScale(scale);
    }

    public enum Mask {
      MINUS_INFINITY,
      ZERO
    }
  }

  /// The best k of l; what an expert is given is multiplied by s (Llama 4).
  record SigmoidInput(int k) implements RoutingPolicy {
    public SigmoidInput {
      requireRanks(k);
    }
  }

  /// Each expert takes its best tokens by p: `ceil(T · factor / E)` of the T that are counted
  /// together (Zhou et al. 2022). A token gets from 0 to E experts, and what it gets depends on
  /// tokens after it.
  ///
  /// @param factor experts of a token, on average
  record ExpertChoice(double factor) implements RoutingPolicy {
    public ExpertChoice {
      require(factor > 0 && factor <= 4096, "factor", factor, "above 0, at most 4096");
    }
  }

  /// k experts by a hash of the token's id, with weight 1/k (Hash Layers, Roller et al. 2021).
  ///
  /// @param seed selects the hash function
  record Hash(int k, long seed) implements RoutingPolicy {
    public Hash {
      requireRanks(k);
    }
  }

  /// Most experts of a token, among `experts`.
  default int ranks(int experts) {
    return switch (this) {
      case Dense(), ExpertChoice(_) -> experts;
      case SwitchTop1() -> 1;
      case GShardTop2(_, _, _) -> 2;
      case NoisyTopK(int k, _, _) -> k;
      case SoftmaxTopK(int k, _, _) -> k;
      case TopKSoftmax(int k) -> k;
      case GroupLimitedSoftmax(int k, _, _, _, _) -> k;
      case GroupLimitedSigmoid(int k, _, _, _, _, _) -> k;
      case SigmoidInput(int k) -> k;
      case Hash(int k, _) -> k;
    };
  }

  /// Whether weights scale what experts are given, and not what they answer.
  default boolean weighsInput() {
    return this instanceof SigmoidInput;
  }

  /// @throws IllegalArgumentException when a layer of so many experts cannot be routed by it
  default void requireFits(int experts) {
    int k = ranks(experts);
    if (k < 1 || k > experts) {
      throw refused("k", k, "from 1 to the " + experts + " experts of a layer");
    }
    switch (this) {
      case GroupLimitedSoftmax(_, int groups, int topGroups, _, _) ->
          requireGroupsFit(k, groups, topGroups, experts, 1);
      case GroupLimitedSigmoid(_, int groups, int topGroups, _, _, _) ->
          requireGroupsFit(k, groups, topGroups, experts, groups == 1 ? 1 : 2);
      case Dense(), ExpertChoice(_), SwitchTop1() -> {}
      case GShardTop2(_, _, _), NoisyTopK(_, _, _), SoftmaxTopK(_, _, _) -> {}
      case TopKSoftmax(_), SigmoidInput(_), Hash(_, _) -> {}
    }
  }

  private static void requireGroupsFit(int k, int groups, int topGroups, int experts, int least) {
    if (experts % groups != 0 || experts / groups < least) {
      throw refused(
          "groups",
          groups,
          "a divisor of the %d experts, with at least %d in a group".formatted(experts, least));
    }
    int allowed = experts / groups * topGroups;
    if (k > allowed) {
      throw refused("k", k, "at most the " + allowed + " experts of top_groups groups");
    }
  }

  private static void requireRanks(int k) {
    require(k >= 1 && k <= 4096, "k", k, "from 1 to 4096");
  }

  private static void requireGroups(int groups, int topGroups) {
    require(groups >= 1 && groups <= 4096, "groups", groups, "from 1 to 4096");
    require(topGroups >= 1 && topGroups <= groups, "top_groups", topGroups, "from 1 to " + groups);
  }

  private static void requireScale(float scale) {
    require(scale > 0 && scale <= 1e6f, "scale", scale, "above 0, at most 1000000");
  }

  private static void require(boolean holds, String field, Number value, String rule) {
    if (!holds) {
      throw refused(field, value, rule);
    }
  }

  private static IllegalArgumentException refused(String field, Number value, String rule) {
    return new IllegalArgumentException("%s is %s, must be %s".formatted(field, value, rule));
  }
}
