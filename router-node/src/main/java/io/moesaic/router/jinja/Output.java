package io.moesaic.router.jinja;

import io.moesaic.router.jinja.Value.Text;

/// Text in the making, of bounded length.
final class Output {
  private final StringBuilder text = new StringBuilder();
  private final Work work;

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
    work.spendOnText(to - from);
    text.append(more, from, to);
    return this;
  }

  Text toText() {
    return new Text(text.toString());
  }

  @Override
  public String toString() {
    return text.toString();
  }
}
