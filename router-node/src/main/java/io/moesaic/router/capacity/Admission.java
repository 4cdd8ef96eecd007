package io.moesaic.router.capacity;

import io.moesaic.router.gate.Choices;

/// What a capacity made of a batch's choices. A choice, at its row and rank, was
///
/// - *accepted* if its expert is the one that was offered,
/// - *rerouted* if it is another,
/// - *dropped* if there is none any more.
///
/// @param offered what the gate chose
/// @param admitted the same rows and ranks afterwards
/// @param slots `[rows, ranks]`: the place of each choice in its expert's queue, from 0 on; a
// choice
///     with a place from the capacity on was not accepted. With priority by probability, places are
///     counted by position among those that were. Nothing is said of rerouted choices
/// @param places how many choices the layer's experts would have taken in all; 0 when they are not
///     limited
public record Admission(Choices offered, Choices admitted, int[] slots, long places) {
  /// Everything is accepted.
  static Admission ofAll(Choices choices) {
    return new Admission(choices, choices, new int[0], 0);
  }

  /// Whether there was a choice that has no expert now.
  public boolean dropped(int row, int rank) {
    return offered.expert(row, rank) != Choices.NONE && admitted.expert(row, rank) == Choices.NONE;
  }

  /// Whether the choice went to another expert.
  public boolean rerouted(int row, int rank) {
    int expert = admitted.expert(row, rank);
    return expert != Choices.NONE && expert != offered.expert(row, rank);
  }

  public int slot(int row, int rank) {
    return slots[row * offered.ranks() + rank];
  }
}
