package io.moesaic.tensor.kernel;

import static java.lang.foreign.ValueLayout.JAVA_INT;

import io.moesaic.tensor.DType;
import io.moesaic.tensor.Matrix;
import io.moesaic.tensor.Shape;
import io.moesaic.tensor.Tensor;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteOrder;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import java.util.function.ToDoubleFunction;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorOperators;
import org.openjdk.jmh.annotations.AuxCounters;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;
import org.openjdk.jmh.infra.Blackhole;
import org.openjdk.jmh.results.IterationResult;
import org.openjdk.jmh.results.RunResult;
import org.openjdk.jmh.runner.Runner;
import org.openjdk.jmh.runner.RunnerException;
import org.openjdk.jmh.runner.options.OptionsBuilder;

/// Times the kernels and prints each as a fraction of what this machine can do, memory bandwidth
/// and fused multiply-adds, measured in the same run on the same threads.
///
/// ```
///   mvn -pl tensor test-compile exec:exec@kernel-table
/// ```
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 2, time = 1)
@Measurement(iterations = KernelTable.MEASUREMENTS, time = 1)
@Fork(1)
public class KernelTable {
  static final int MEASUREMENTS = 7;
  private static final int THREADS = Runtime.getRuntime().availableProcessors();

  /// An expert's matrix of Mixtral 8x7B, transposed: larger than most third-level caches in either
  /// type.
  private static final int OUTPUTS = 14336;

  private static final int INPUTS = 4096;

  /// What this machine can do, measured anew before each iteration: a neighbour that takes half of
  /// the memory's bandwidth takes it from the kernel and from the limit.
  @State(Scope.Thread)
  @AuxCounters(AuxCounters.Type.EVENTS)
  public static class Limits {
    private static final long MEMORY = 256L << 20;
    private static final int STEPS = 1 << 18;
    private static final int CHAINS = 12;

    /// Bytes per nanosecond.
    public double bandwidth;

    /// Floating-point operations per nanosecond.
    public double peak;

    private double measuredBandwidth;
    private double measuredPeak;

    private final Arena arena = Arena.ofShared();
    private final MemorySegment memory = arena.allocate(MEMORY, 4096).fill((byte) 1);
    private final ComputePool pool = new ComputePool(THREADS, "limit");
    private volatile float sink;

    @Setup(Level.Iteration)
    public void measure() {
      long share = MEMORY / THREADS / 4096 * 4096;
      double read =
          fastest(() -> pool.run(THREADS, t -> sink = sum(memory.asSlice(t * share, share))));
      measuredBandwidth = share * THREADS / read;
      double added = fastest(() -> pool.run(THREADS, _ -> sink = multiplyAdds()));
      measuredPeak = 2.0 * VectorKernels.FLOATS.length() * CHAINS * STEPS * THREADS / added;
    }

    /// Counters start at zero with each iteration, after its set-up: they take their values here.
    @TearDown(Level.Iteration)
    public void report() {
      bandwidth = measuredBandwidth;
      peak = measuredPeak;
    }

    private static double fastest(Runnable run) {
      long fastest = Long.MAX_VALUE;
      for (int i = 0; i < 5; i++) {
        long start = System.nanoTime();
        run.run();
        fastest = Math.min(fastest, System.nanoTime() - start);
      }
      return fastest;
    }

    @TearDown
    public void close() {
      pool.close();
      arena.close();
    }
  }

  private static float sum(MemorySegment memory) {
    var floats = VectorKernels.FLOATS;
    var order = ByteOrder.LITTLE_ENDIAN;
    long quarter = memory.byteSize() / 4;
    var s0 = FloatVector.zero(floats);
    var s1 = s0;
    var s2 = s0;
    var s3 = s0;
    for (long at = 0; at < quarter; at += VectorKernels.BYTES) {
      s0 = s0.add(FloatVector.fromMemorySegment(floats, memory, at, order));
      s1 = s1.add(FloatVector.fromMemorySegment(floats, memory, at + quarter, order));
      s2 = s2.add(FloatVector.fromMemorySegment(floats, memory, at + 2 * quarter, order));
      s3 = s3.add(FloatVector.fromMemorySegment(floats, memory, at + 3 * quarter, order));
    }
    return s0.add(s1).add(s2).add(s3).reduceLanes(VectorOperators.ADD);
  }

  private static float multiplyAdds() {
    var x = FloatVector.broadcast(VectorKernels.FLOATS, 1.0000001f);
    var y = FloatVector.broadcast(VectorKernels.FLOATS, 1e-7f);
    var a = x;
    var b = x;
    var c = x;
    var d = x;
    var e = x;
    var f = x;
    var g = x;
    var h = x;
    var i = x;
    var j = x;
    var k = x;
    var l = x;
    for (int step = 0; step < Limits.STEPS; step++) {
      a = a.fma(x, y);
      b = b.fma(x, y);
      c = c.fma(x, y);
      d = d.fma(x, y);
      e = e.fma(x, y);
      f = f.fma(x, y);
      g = g.fma(x, y);
      h = h.fma(x, y);
      i = i.fma(x, y);
      j = j.fma(x, y);
      k = k.fma(x, y);
      l = l.fma(x, y);
    }
    return a.add(b).add(c).add(d).add(e).add(f).add(g).add(h).add(i).add(j).add(k).add(l).lane(0);
  }

  @State(Scope.Benchmark)
  public static class Product {
    @Param({"F32", "BF16"})
    DType type = DType.F32;

    @Param({"1", "4", "16", "64", "256"})
    int rows = 1;

    final Arena arena = Arena.ofShared();
    final Compute compute = Compute.on(THREADS, "product");
    PackedMatrix w = emptyWeight(arena);
    Matrix x = Matrix.allocate(1, 1);
    Matrix y = Matrix.allocate(1, 1);

    private static PackedMatrix emptyWeight(Arena arena) {
      var weight = new Tensor("w", DType.F32, Shape.of(1, 1), arena.allocate(4));
      return PackedMatrix.pack(arena, weight);
    }

    @Setup
    public void fill() {
      try (var checkpoint = Arena.ofConfined()) {
        long bytes = (long) OUTPUTS * INPUTS * type.bytes();
        var data = checkpoint.allocate(bytes, 64);
        for (long at = 0; at < bytes; at += 4) {
          data.set(JAVA_INT, at, type == DType.F32 ? 0x3c000000 : 0x3c003c00);
        }
        w = PackedMatrix.pack(arena, new Tensor("w", type, Shape.of(OUTPUTS, INPUTS), data));
      }
      x = new Randoms(arena).matrix(rows, INPUTS);
      y = Matrix.allocate(rows, OUTPUTS);
    }

    @TearDown
    public void close() {
      compute.close();
      arena.close();
    }
  }

  @Benchmark
  public void product(Product p, Limits limits, Blackhole hole) {
    p.compute.multiply(p.x, p.w, p.y);
    hole.consume(p.y.get(0, 0));
  }

  /// Rows like those of a prefill, far more than any cache holds.
  @State(Scope.Benchmark)
  public static class Rows {
    static final int COUNT = 8192;
    static final int COLS = 4096;

    final Arena arena = Arena.ofShared();
    final Compute compute = Compute.on(THREADS, "rows");
    final Matrix x = new Randoms(arena).matrix(COUNT, COLS);
    final Matrix y = new Randoms(arena).matrix(COUNT, COLS);
    final float[] weight = new Randoms(arena).floats(COLS);
    final MemorySegment bf16 = arena.allocate((long) COUNT * COLS * 2, 64);

    void inParallel(ComputePool.Task row) {
      int share = COUNT / 64;
      compute
          .pool()
          .run(
              64,
              task -> {
                for (int i = task * share; i < (task + 1) * share; i++) {
                  row.run(i);
                }
              });
    }

    @TearDown
    public void close() {
      compute.close();
      arena.close();
    }
  }

  @Benchmark
  public void rmsNorm(Rows rows, Limits limits) {
    rows.inParallel(
        i ->
            rows.compute
                .kernels()
                .rmsNorm(rows.x.rows(i, 1), rows.weight, 1e-5f, rows.y.rows(i, 1)));
  }

  @Benchmark
  public void softmax(Rows rows, Limits limits) {
    rows.inParallel(i -> rows.compute.kernels().softmax(rows.x, i, 0, Rows.COLS, 0.1f));
  }

  @Benchmark
  public void siluMultiply(Rows rows, Limits limits) {
    rows.inParallel(i -> rows.compute.kernels().siluMultiply(rows.x.rows(i, 1), rows.y.rows(i, 1)));
  }

  @Benchmark
  public void add(Rows rows, Limits limits) {
    rows.inParallel(i -> rows.compute.kernels().add(rows.x.rows(i, 1), rows.y.rows(i, 1)));
  }

  @Benchmark
  public void roundToBFloat16(Rows rows, Limits limits) {
    rows.inParallel(
        i -> rows.compute.kernels().round(rows.x, i, rows.bf16, (long) i * Rows.COLS * 2));
  }

  @Benchmark
  public void widenBFloat16(Rows rows, Limits limits) {
    rows.inParallel(
        i -> rows.compute.kernels().widen(rows.bf16, (long) i * Rows.COLS * 2, rows.x, i));
  }

  // ---- the table

  public static void main(String[] args) throws RunnerException {
    var options = new OptionsBuilder().include(KernelTable.class.getName() + ".*").build();
    var results = new Runner(options).run();
    System.out.printf(
        "%n%s, %d threads; median of %d iterations%n%n",
        Kernels.best().describe(), THREADS, MEASUREMENTS);
    System.out.printf(
        "%-20s %5s %14s %12s %14s %12s%n",
        "kernel", "rows", "GB/s", "of bandwidth", "GFLOP/s", "of FMA limit");
    for (var result : results) {
      print(result);
    }
  }

  private static void print(RunResult result) {
    var parameters = result.getParams();
    var name = parameters.getBenchmark().substring(KernelTable.class.getName().length() + 1);
    boolean product = name.equals("product");
    int rows = product ? Integer.parseInt(parameters.getParam("rows")) : Rows.COUNT;
    double bytes;
    double flops = 0;
    if (product) {
      var type = DType.valueOf(parameters.getParam("type"));
      name += " " + type;
      bytes = (double) OUTPUTS * INPUTS * type.bytes();
      flops = 2.0 * rows * OUTPUTS * INPUTS;
    } else {
      // Each element of a float32 matrix is read or written this often; a bfloat16 counts half.
      double passes =
          switch (name) {
            case "rmsNorm", "softmax" -> 2;
            case "siluMultiply", "add" -> 3;
            default -> 1.5;
          };
      bytes = passes * Rows.COUNT * Rows.COLS * Float.BYTES;
    }
    double operations = flops;
    System.out.printf(
        "%-20s %5d %14.1f %11.0f%% %14s %12s%n",
        name,
        rows,
        median(result, i -> bytes / nanos(i)),
        100 * median(result, i -> bytes / nanos(i) / limit(i, "bandwidth")),
        product ? "%.1f".formatted(median(result, i -> operations / nanos(i))) : "-",
        product
            ? "%.0f%%"
                .formatted(100 * median(result, i -> operations / nanos(i) / limit(i, "peak")))
            : "-");
  }

  private static double median(RunResult result, ToDoubleFunction<IterationResult> figure) {
    var sorted =
        result.getBenchmarkResults().stream()
            .flatMap(fork -> fork.getIterationResults().stream())
            .mapToDouble(figure)
            .sorted()
            .toArray();
    return sorted[sorted.length / 2];
  }

  private static double nanos(IterationResult iteration) {
    return iteration.getPrimaryResult().getScore();
  }

  private static double limit(IterationResult iteration, String name) {
    return Objects.requireNonNull(iteration.getSecondaryResults().get(name), name).getScore();
  }
}
