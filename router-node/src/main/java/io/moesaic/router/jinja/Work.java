package io.moesaic.router.jinja;

/// Bounds one rendering: its steps, its depth and the size of what it makes. Templates come from
/// strangers; none may hold a server up or fill its memory.
final class Work {
  /// As much text as a request's body may bring, and what templates add to it.
  static final int MAX_TEXT = 16 << 20;

  private static final int MAX_ITEMS = 1 << 20;
  private static final long MAX_WEIGHT = 4L * MAX_TEXT;
  private static final int MAX_VALUE_DEPTH = 100;

  // the longest chats of the largest templates take a few hundred thousand
  private static final long MAX_STEPS = 10_000_000;

  // a level takes some hundred bytes of stack, of which threads have 1 MB
  private static final int MAX_DEPTH = 500;

  // what may be kept of all that is made in so many steps fits into some hundred MB
  private static final int CHARACTERS_PER_STEP = 32;
  private static final int ITEMS_PER_STEP = 4;

  private long steps;
  private int depth;

  /// Begins an expression or a statement inside the one that runs.
  void enter() {
    spend(1);
    if (++depth > MAX_DEPTH) {
      throw Failure.of(
          "the template nests its calls and expressions deeper than %d levels", MAX_DEPTH);
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
    spend(characters / CHARACTERS_PER_STEP);
  }

  void spendOnItems(long items) {
    spend(items / ITEMS_PER_STEP);
  }

  /// For looking for one text in another, which may compare each place with all of it.
  void spendOnSearch(String text, String sought) {
    spendOnText(text.length());
    spendOnText((long) text.length() * sought.length() / CHARACTERS_PER_STEP);
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

  static void checkSize(long weight, int depth) {
    if (weight > MAX_WEIGHT) {
      throw Failure.of("a list or dict grows beyond %d characters", MAX_WEIGHT);
    }
    if (depth > MAX_VALUE_DEPTH) {
      throw Failure.of("a list or dict nests deeper than %d levels", MAX_VALUE_DEPTH);
    }
  }

  static Failure tooLarge() {
    return Failure.of("a text grows beyond %d characters", MAX_TEXT);
  }
}
