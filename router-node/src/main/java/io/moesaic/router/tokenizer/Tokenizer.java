package io.moesaic.router.tokenizer;

import ai.djl.huggingface.tokenizers.HuggingFaceTokenizer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.concurrent.locks.ReadWriteLock;
import java.util.concurrent.locks.ReentrantReadWriteLock;
import java.util.function.Supplier;

/// A model's tokenizer. Safe for concurrent use until it is closed.
///
/// The work is done by the Hugging Face library in native code, which DJL unpacks to `~/.djl.ai`.
public final class Tokenizer implements AutoCloseable {
  static {
    // DJL reports its use over the network unless it is told that there is none.
    System.setProperty("ai.djl.offline", "true");
  }

  private final HuggingFaceTokenizer library;
  private final Vocabulary vocabulary;
  private final ReadWriteLock use = new ReentrantReadWriteLock();

  /// Guarded by `use`.
  private boolean closed;

  private Tokenizer(HuggingFaceTokenizer library, Vocabulary vocabulary) {
    this.library = library;
    this.vocabulary = vocabulary;
  }

  /// Opens `tokenizer.json` of a model's directory.
  public static Tokenizer open(Path modelDirectory) throws IOException {
    var file = modelDirectory.resolve("tokenizer.json");
    if (!Files.isRegularFile(file)) {
      throw new NoSuchFileException(file.toString(), null, "a model needs its tokenizer");
    }
    var vocabulary = Vocabulary.read(file);
    // A file may ask for truncation and padding, which would change prompts silently.
    var library =
        HuggingFaceTokenizer.builder()
            .optTokenizerPath(file)
            .optTruncation(false)
            .optPadding(false)
            .build();
    return new Tokenizer(library, vocabulary);
  }

  /// @param addSpecialTokens whether to add what the model expects around a text, such as `<s>`
  public int[] encode(String text, boolean addSpecialTokens) {
    var ids = inLibrary(() -> library.encode(text, addSpecialTokens, false).getIds());
    return Arrays.stream(ids).mapToInt(Math::toIntExact).toArray();
  }

  public String decode(int[] tokens, boolean skipSpecialTokens) {
    var ids = Arrays.stream(tokens).asLongStream().toArray();
    return inLibrary(() -> library.decode(ids, skipSpecialTokens));
  }

  /// Native memory must not be freed while it is used.
  private <T> T inLibrary(Supplier<T> work) {
    use.readLock().lock();
    try {
      if (closed) {
        throw new IllegalStateException("the tokenizer is closed");
      }
      return work.get();
    } finally {
      use.readLock().unlock();
    }
  }

  /// The bytes that a token stands for, maybe only a part of a character. Not to be changed.
  public byte[] bytes(int token) {
    return vocabulary.bytes(token);
  }

  /// The same without special tokens, which are no part of a text.
  public byte[] textBytes(int token) {
    return vocabulary.text(token);
  }

  /// A token for people: its text, or `bytes:\xe2\x82` if it is only a part of a character.
  public String piece(int token) {
    return vocabulary.piece(token);
  }

  /// One more than the highest id of a token. A model's own vocabulary may be padded beyond it.
  public int vocabularySize() {
    return vocabulary.size();
  }

  /// The same of a model's directory, without opening its tokenizer.
  ///
  /// @throws IOException when the file cannot be read, or its tokens are spelled in an unknown way
  public static int vocabularySize(Path modelDirectory) throws IOException {
    return Vocabulary.read(modelDirectory.resolve("tokenizer.json")).size();
  }

  /// The text of a sequence of tokens that grows.
  public TextStream textStream(TextForm form) {
    return new TextStream(vocabulary, form);
  }

  /// Waits for the calls in progress.
  @Override
  public void close() {
    use.writeLock().lock();
    try {
      if (!closed) {
        closed = true;
        library.close();
      }
    } finally {
      use.writeLock().unlock();
    }
  }
}
