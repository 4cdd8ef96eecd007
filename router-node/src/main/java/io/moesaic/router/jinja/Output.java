package io.moesaic.router.jinja;

import io.moesaic.router.jinja.Value.Text;

/// Text in the making, of bounded length.
final class Output {
  // what is paid for together, as most pieces are small
  private static final int BLOCK = 1024;

  private final StringBuilder text = new StringBuilder();
  private final Work work;
  private int paid;

  Output(Work work) {
    this.work = work;
  }

  Output append(String more) {
    return append(more, 0, more.length());
  }

  Output append(String more, int from, int to) {
    if (text.length() + (long) to - from > Work.MAX_TEXT) {
      throw Work.tooLarge();
    }
    text.append(more, from, to);
    if (text.length() - paid >= BLOCK) {
      work.spendOnText(text.length() - paid);
      paid = text.length();
    }
    return this;
  }

  Text toText() {
    return new Text(toString());
  }

  @Override
  public String toString() {
    return text.toString();
  }
}
