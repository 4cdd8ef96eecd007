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
/// @param slots `[rows, ranks]`: the place of each choice in its expert's queue, from 0 on; with a
///     capacity of each expert, those with a place from the capacity on were not accepted. With
///     priority by probability or weight, what was accepted is numbered by position. [#NO_SLOT]
///     for choices that nobody limits. Of a rerouted choice, the place where it was refused
/// @param places how many choices the layer's experts would have taken in all; 0 when they are not
///     limited. Where a whole sequence is counted, its first pass has the places of all
public record Admission(Choices offered, Choices admitted, int[] slots, long places) {
  static final int NO_SLOT = -1;

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

  /// The choice's place in its expert's queue, or -1 if nobody limits it.
  public int slot(int row, int rank) {
    return slots.length == 0 ? NO_SLOT : slots[row * offered.ranks() + rank];
  }
}
