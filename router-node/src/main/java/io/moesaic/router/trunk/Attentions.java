package io.moesaic.router.trunk;

import io.moesaic.router.trunk.AttentionConfig.Latent;
import io.moesaic.tensor.kernel.Compute;
import java.util.Arrays;
import java.util.function.IntFunction;
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
    return new CachedHeads(layer, weights.config(), window, weightings(weights), cached);
  }

  private static IntFunction<Weighting> weightings(GroupedWeights weights) {
    var config = weights.config();
    if (!config.sinks()) {
      var scaled = new Weighting.Scaled(config.scale());
      return _ -> scaled;
    }
    int group = config.group();
    return head -> {
      var sinks = Arrays.copyOfRange(weights.sinks(), head * group, (head + 1) * group);
      return new Weighting.WithSinks(config.scale(), sinks);
    };
  }

  private ThreadLocal<LatentScratch> latents(Latent latent) {
    if (latents == null) {
      latents = ThreadLocal.withInitial(() -> new LatentScratch(latent));
    }
    return latents;
  }
}
