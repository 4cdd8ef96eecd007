package io.moesaic.deploy.tune;

import io.moesaic.deploy.dev.ClusterProgress;
import io.moesaic.deploy.dev.LocalCluster;
import io.moesaic.router.capacity.CapacityPolicy;
import io.moesaic.router.tokenizer.Tokenizer;
import io.moesaic.router.trunk.TrunkConfig;
import io.moesaic.tensor.checkpoint.ModelConfig;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;

/// Runs texts through a model under every limit of a [TuneSpec], on expert nodes of this machine:
///
/// ```
///   for each pass    dropless             what the others are compared with
///                    each limit           and dropless once more, as the row "none"
/// ```
/// All limits take turns on each pass, in another order each time, so that what else happens on the
/// machine happens to all of them.
public final class CapacitySweep {
  /// Passes that are not measured: the compiler is still at work.
  private static final int WARM_UP = 3;

  private CapacitySweep() {}

  /// @throws io.moesaic.tensor.checkpoint.CheckpointException when the model cannot be used
  /// @throws io.moesaic.deploy.dev.ClusterException when an expert node does not start, or fails
  /// @throws IllegalArgumentException when a text is too short, or the model takes no such windows
  public static SweepReport run(TuneSpec spec, SweepProgress progress)
      throws IOException, InterruptedException {
    requireContinuation(ModelConfig.read(spec.cluster().model()));
    var texts = read(spec);
    try (var cluster = LocalCluster.startExperts(spec.cluster(), ClusterProgress.SILENT);
        var runner = WindowRunner.open(spec, cluster)) {
      List<RowSums> rows = new ArrayList<>();
      for (var policy : spec.limits()) {
        rows.add(new RowSums(policy, texts.size()));
      }
      rows.add(new RowSums(CapacityPolicy.DROPLESS, texts.size()));
      measure(Pass.of(texts, spec.batch()), rows, runner, progress);
      return new SweepReport(
          spec,
          texts.stream().map(text -> new SweepReport.Text(text.name(), text.tokens())).toList(),
          rows.removeLast().row(),
          rows.stream().map(RowSums::row).toList());
    }
  }

  /// A window of text is read from its beginning, and each token predicts the next.
  private static void requireContinuation(ModelConfig config) {
    if (TrunkConfig.of(config).encodesPrompts()) {
      throw config.invalid(
          "model_type", "which encodes prompts; must be a model whose texts continue them");
    }
  }

  private static List<HeldOutText> read(TuneSpec spec) throws IOException {
    try (var tokenizer = Tokenizer.open(spec.cluster().model())) {
      List<HeldOutText> texts = new ArrayList<>();
      for (Path file : spec.texts()) {
        texts.add(HeldOutText.read(file, tokenizer, spec.window(), spec.tokens()));
      }
      return texts;
    }
  }

  private static void measure(
      List<Pass> passes, List<RowSums> rows, WindowRunner runner, SweepProgress progress) {
    for (int i = 0; i < WARM_UP; i++) {
      runner.run(passes.getFirst(), CapacityPolicy.DROPLESS);
    }
    int total = passes.size() * (rows.size() + 1);
    int done = 0;
    List<RowSums> turns = new ArrayList<>(rows);
    for (var pass : passes) {
      var dropless = runner.run(pass, CapacityPolicy.DROPLESS);
      progress.advanced(++done, total);
      for (var row : turns) {
        row.add(pass, runner.run(pass, row.policy()), dropless);
        progress.advanced(++done, total);
      }
      Collections.rotate(turns, 1);
    }
  }
}
