package io.moesaic.tensor.checkpoint;

import static io.moesaic.tensor.checkpoint.CheckpointException.abbreviated;
import static java.nio.charset.StandardCharsets.UTF_8;

import io.moesaic.tensor.DType;
import io.moesaic.tensor.Shape;
import io.moesaic.tensor.Tensor;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Collections;
import java.util.EnumSet;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.atomic.AtomicLong;

/// The weights of a model directory in the Hugging Face layout: `model.safetensors`, or several
/// files with a `model.safetensors.index.json`. Opening it reads and checks every header and no
/// weight; an expert node then maps the byte ranges of its own experts only. Safe for concurrent
/// use.
public final class Checkpoint implements AutoCloseable {
  private static final String SINGLE = "model.safetensors";
  private static final String INDEX = "model.safetensors.index.json";

  /// What every weight is, unless it is quantized.
  static final Set<DType> FLOATS =
      Collections.unmodifiableSet(EnumSet.of(DType.F32, DType.BF16, DType.F16));

  private static final int MAX_INDEX_BYTES = SafetensorsFile.MAX_HEADER_BYTES;

  private final Path directory;
  private final Map<String, SafetensorsFile> files;
  private final Map<String, SafetensorsFile> fileOf;
  private final AtomicLong bytesMapped = new AtomicLong();

  private Checkpoint(
      Path directory, Map<String, SafetensorsFile> files, Map<String, SafetensorsFile> fileOf) {
    this.directory = directory;
    this.files = files;
    this.fileOf = fileOf;
  }

  /// @throws CheckpointException when files are missing or malformed
  public static Checkpoint open(Path directory) {
    Map<String, SafetensorsFile> files = new LinkedHashMap<>();
    try {
      if (Files.exists(directory.resolve(INDEX))) {
        return sharded(directory, files);
      }
      if (!Files.exists(directory.resolve(SINGLE))) {
        throw new CheckpointException(
            directory, "has neither " + SINGLE + " nor " + INDEX + ": it holds no model to load");
      }
      return open(directory, directory.resolve(SINGLE), files);
    } catch (RuntimeException e) {
      files.values().forEach(SafetensorsFile::close);
      throw e;
    }
  }

  /// What a model is called that nobody named: as its directory.
  public static String nameOf(Path directory) {
    var path = directory.toAbsolutePath().normalize();
    var last = path.getFileName();
    return (last == null ? path : last).toString();
  }

  /// Opens one safetensors file by itself, whatever its name.
  ///
  /// @throws CheckpointException when it is missing or malformed
  public static Checkpoint openFile(Path file) {
    return open(file, file, new LinkedHashMap<>());
  }

  private static Checkpoint open(Path where, Path path, Map<String, SafetensorsFile> files) {
    var file = SafetensorsFile.open(path);
    files.put(path.toString(), file);
    Map<String, SafetensorsFile> fileOf = new LinkedHashMap<>();
    file.tensors().keySet().forEach(name -> fileOf.put(name, file));
    return new Checkpoint(where, files, fileOf);
  }

  private static Checkpoint sharded(Path directory, Map<String, SafetensorsFile> files) {
    Map<String, SafetensorsFile> fileOf = new LinkedHashMap<>();
    weightMap(directory.resolve(INDEX))
        .forEach(
            (name, fileName) -> {
              var file = files.get(fileName);
              if (file == null) {
                file = SafetensorsFile.open(directory.resolve(fileName));
                files.put(fileName, file);
              }
              if (!file.tensors().containsKey(name)) {
                throw CheckpointException.tensor(
                    file.path(), name, "is not in this file, but the index says so");
              }
              fileOf.put(name, file);
            });
    for (var file : files.values()) {
      for (var name : file.tensors().keySet()) {
        if (fileOf.get(name) != file) {
          throw CheckpointException.tensor(
              file.path(), name, "is in this file, but the index does not say so");
        }
      }
    }
    return new Checkpoint(directory, files, fileOf);
  }

  /// Tensor name to file name.
  private static Map<String, String> weightMap(Path index) {
    if (!(readJson(index, MAX_INDEX_BYTES) instanceof Json.Fields(var top))
        || !(top.get("weight_map") instanceof Json.Fields(var entries))) {
      throw new CheckpointException(index, "has no object \"weight_map\"");
    }
    Map<String, String> map = new LinkedHashMap<>();
    entries.forEach(
        (name, value) -> {
          // A plain name: an index must not reach files outside its directory.
          if (!(value instanceof Json.Text(var fileName))
              || !fileName.matches("[A-Za-z0-9][A-Za-z0-9._-]*")) {
            throw CheckpointException.tensor(index, name, "is not mapped to a plain file name");
          }
          map.put(name, fileName);
        });
    return map;
  }

  static Json readJson(Path file, int maxBytes) {
    try {
      long size = Files.size(file);
      if (size > maxBytes) {
        throw new CheckpointException(
            file, "has " + size + " bytes, at most " + maxBytes + " are allowed");
      }
      return Json.parse(Files.readAllBytes(file));
    } catch (Json.SyntaxException e) {
      throw new CheckpointException(file, "is not JSON: " + e.getMessage(), e);
    } catch (NoSuchFileException e) {
      throw new CheckpointException(file, "is missing", e);
    } catch (IOException e) {
      throw new CheckpointException(file, "cannot be read: " + e.getMessage(), e);
    }
  }

  public boolean has(String name) {
    return fileOf.containsKey(name);
  }

  /// The names of all tensors.
  public Set<String> names() {
    return Collections.unmodifiableSet(fileOf.keySet());
  }

  /// What the header says of a tensor.
  ///
  /// @throws CheckpointException when there is none of this name
  public TensorInfo info(String name) {
    return Objects.requireNonNull(file(name).tensors().get(name));
  }

  /// An error about a tensor.
  CheckpointException invalid(String name, String problem) {
    return CheckpointException.tensor(directory, name, problem);
  }

  private SafetensorsFile file(String name) {
    var file = fileOf.get(name);
    if (file == null) {
      throw new CheckpointException(directory, "has no tensor \"" + abbreviated(name) + "\"");
    }
    return file;
  }

  /// What the header says of a tensor that the model needs for its arithmetic, in this shape.
  ///
  /// @throws CheckpointException when it is missing, has another shape, or a type that does not
  ///     widen to float32
  public TensorInfo require(String name, Shape shape) {
    return require(name, shape, FLOATS);
  }

  private TensorInfo require(String name, Shape shape, Set<DType> types) {
    var info = info(name);
    if (!info.shape().equals(shape)) {
      throw invalid(name, "has shape " + info.shape() + ", but the model needs " + shape);
    }
    if (!types.contains(info.dtype())) {
      throw invalid(name, "is %s, but the model needs one of %s".formatted(info.dtype(), types));
    }
    return info;
  }

  /// The bytes of a slice of a tensor that the model needs for its arithmetic.
  ///
  /// @param entry shape of the slice
  /// @throws CheckpointException as [#require(String, Shape)]
  public long require(String name, Slice slice, Shape entry) {
    return require(name, slice, entry, FLOATS);
  }

  /// The bytes of a slice of a tensor of these types.
  long require(String name, Slice slice, Shape entry, Set<DType> types) {
    return slice.bytes(require(name, slice.stacked(entry), types));
  }

  /// Maps the bytes of a slice, and no others, for as long as the arena lives.
  ///
  /// @param entry shape of the slice
  /// @throws CheckpointException as [#require(String, Shape)]
  public Tensor map(String name, Slice slice, Shape entry, Arena arena) {
    return map(name, slice, entry, FLOATS, arena);
  }

  /// Maps the bytes of a slice of a tensor of these types, and no others.
  Tensor map(String name, Slice slice, Shape entry, Set<DType> types, Arena arena) {
    bytesMapped.addAndGet(require(name, slice, entry, types));
    return file(name).map(info(name), slice, entry, arena);
  }

  /// Maps a tensor's bytes for as long as the arena lives.
  ///
  /// @throws CheckpointException as [#info]
  public Tensor map(String name, Arena arena) {
    var info = info(name);
    bytesMapped.addAndGet(info.bytes());
    return file(name).map(info, arena);
  }

  /// Maps a tensor that the model needs for its arithmetic.
  ///
  /// @throws CheckpointException as [#require]
  public Tensor map(String name, Shape shape, Arena arena) {
    require(name, shape);
    return map(name, arena);
  }

  /// A hash of `config.json` and of the names, types and shapes of all tensors, in hexadecimal: two
  /// nodes with different fingerprints do not have the same model. It costs nothing, because the
  /// weights are not read; so two trainings of one architecture look alike.
  ///
  /// @throws CheckpointException when `config.json` cannot be read
  public String fingerprint() {
    try {
      var hash = MessageDigest.getInstance("SHA-256");
      hash.update(Files.readAllBytes(directory.resolve(ModelConfig.FILE)));
      for (var name : new TreeSet<>(fileOf.keySet())) {
        var info = info(name);
        hash.update("%s %s %s\n".formatted(name, info.dtype(), info.shape()).getBytes(UTF_8));
      }
      return HexFormat.of().formatHex(hash.digest()).substring(0, 32);
    } catch (IOException e) {
      throw new CheckpointException(directory, "cannot be read: " + e.getMessage(), e);
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException(e);
    }
  }

  /// Bytes of weights mapped since the checkpoint was opened: what a node has touched.
  public long bytesMapped() {
    return bytesMapped.get();
  }

  @Override
  public void close() {
    files.values().forEach(SafetensorsFile::close);
  }
}
