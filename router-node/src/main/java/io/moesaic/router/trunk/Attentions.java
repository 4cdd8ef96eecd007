package io.moesaic.router.trunk;

import io.moesaic.router.trunk.AttentionConfig.Latent;
import io.moesaic.tensor.kernel.Compute;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/// Makes the attention of each layer; all layers share each thread's working memory.
final class Attentions {
  private final DecoderConfig config;
  private final DecoderWeights weights;
  private final Compute compute;
  private final ThreadLocal<CachedAttention> cached;
  private @Nullable ThreadLocal<LatentScratch> latents;

  Attentions(DecoderConfig config, DecoderWeights weights, Compute compute) {
    this.config = config;
    this.weights = weights;
    this.compute = compute;
    cached =
        ThreadLocal.withInitial(() -> CachedAttention.of(config.attention(), compute.kernels()));
  }

  Branch of(int layer) {
    return switch (weights.layers().get(layer).attention()) {
      case GroupedWeights grouped ->
          new GroupedAttention(grouped, heads(layer, grouped), config.epsilon(), compute);
      case LatentWeights latent ->
          new LatentAttention(layer, latent, compute, cached, latents(latent.config()));
    };
  }

  private CachedHeads heads(int layer, GroupedWeights weights) {
    var window = config.layers().get(layer).window();
    var grouped = weights.config();
    var weightings =
        grouped.sinks()
            ? weightings(weights)
            : Weighting.same(new Weighting.Scaled(grouped.scale()), grouped);
    return new CachedHeads(layer, grouped, window, weightings, cached);
  }

  private static List<Weighting> weightings(GroupedWeights weights) {
    var config = weights.config();
    int group = config.group();
    return IntStream.range(0, config.kvHeads())
        .mapToObj(head -> Arrays.copyOfRange(weights.sinks(), head * group, (head + 1) * group))
        .<Weighting>map(sinks -> new Weighting.WithSinks(config.scale(), sinks))
        .toList();
  }

  private ThreadLocal<LatentScratch> latents(Latent latent) {
    if (latents == null) {
      latents = ThreadLocal.withInitial(() -> new LatentScratch(latent));
    }
    return latents;
  }
}
