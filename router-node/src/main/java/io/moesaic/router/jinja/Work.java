package io.moesaic.router.jinja;

/// Bounds one rendering: its steps, its depth and the size of what it makes. Templates come from
/// strangers; none may hold a server up or fill its memory.
final class Work {
  /// As much text as a request's body may bring, and what templates add to it.
  static final int MAX_TEXT = 16 << 20;

  private static final int MAX_ITEMS = 1 << 20;

  // the longest chats of the largest templates take a few hundred thousand
  private static final long MAX_STEPS = 10_000_000;

  // a level takes some hundred bytes of stack, of which threads have 1 MB
  private static final int MAX_DEPTH = 500;

  // what may be kept of all that is made in so many steps fits into some hundred MB
  private static final int SIZE_PER_STEP = 16;

  private long steps;
  private int depth;

  /// Begins an expression, a statement or a value inside the one that is worked on.
  void enter() {
    spend(1);
    if (++depth > MAX_DEPTH) {
      throw Failure.of(
          "the template nests its calls, expressions and values deeper than %d levels", MAX_DEPTH);
    }
  }

  void leave() {
    depth--;
  }

  void spend(long count) {
    steps += count;
    if (steps > MAX_STEPS) {
      throw Failure.of("the template takes more than %d steps", MAX_STEPS);
    }
  }

  void spendOnText(long characters) {
    spend(characters / SIZE_PER_STEP);
  }

  /// For going through a value, or copying it.
  void spendOn(Value value) {
    spend(value.size() / SIZE_PER_STEP);
  }

  /// For looking for one text in another, which may compare each place with all of it.
  void spendOnSearch(String text, String sought) {
    spendOnText(text.length());
    spendOnText((long) text.length() * sought.length() / SIZE_PER_STEP);
  }

  /// @return the length of what is repeated so many times, if a text may have it
  static int checkLength(long length, long times) {
    if (times <= 0) {
      return 0;
    }
    if (length > 0 && times > MAX_TEXT / length) {
      throw tooLarge();
    }
    return (int) (length * times);
  }

  static void checkItems(long count) {
    if (count > MAX_ITEMS) {
      throw Failure.of("a list grows beyond %d items", MAX_ITEMS);
    }
  }

  private static Failure tooLarge() {
    return Failure.of("a text grows beyond %d characters", MAX_TEXT);
  }

  /// Text in the making, of bounded length.
  final class Output {
    // what is paid for together, as most pieces are small
    private static final int BLOCK = 1024;

    private final StringBuilder text = new StringBuilder();
    private int paid;

    Output append(String more) {
      return append(more, 0, more.length());
    }

    Output append(String more, int from, int to) {
      if (text.length() + (long) to - from > MAX_TEXT) {
        throw tooLarge();
      }
      text.append(more, from, to);
      if (text.length() - paid >= BLOCK) {
        spendOnText(text.length() - paid);
        paid = text.length();
      }
      return this;
    }

    Value.Text toText() {
      return new Value.Text(text.toString());
    }
  }
}
