package io.moesaic.router.trunk;

import io.moesaic.router.trunk.AttentionConfig.Latent;
import io.moesaic.tensor.kernel.Compute;
import org.jspecify.annotations.Nullable;

/// Makes the attention of each layer; all layers share each thread's working memory.
final class Attentions {
  private final TrunkConfig config;
  private final TrunkWeights weights;
  private final Compute compute;
  private final ThreadLocal<CachedAttention> cached;
  private @Nullable ThreadLocal<LatentScratch> latents;

  Attentions(TrunkConfig config, TrunkWeights weights, Compute compute) {
    this.config = config;
    this.weights = weights;
    this.compute = compute;
    cached =
        ThreadLocal.withInitial(() -> CachedAttention.of(config.attention(), compute.kernels()));
  }

  Branch of(int layer) {
    return switch (weights.layers().get(layer).attention()) {
      case GroupedWeights grouped ->
          new GroupedAttention(
              layer,
              grouped,
              config.layers().get(layer).window(),
              config.epsilon(),
              compute,
              cached);
      case LatentWeights latent ->
          new LatentAttention(layer, latent, compute, cached, latents(latent.config()));
    };
  }

  private ThreadLocal<LatentScratch> latents(Latent latent) {
    if (latents == null) {
      latents = ThreadLocal.withInitial(() -> new LatentScratch(latent));
    }
    return latents;
  }
}
