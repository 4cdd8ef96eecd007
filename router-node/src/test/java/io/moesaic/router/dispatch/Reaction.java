package io.moesaic.router.dispatch;

import io.grpc.Status;

/// What a [ScriptedExpertNode] makes of a batch.
public sealed interface Reaction {
  Reaction ANSWER = new Answer();
  Reaction KEEP = new Keep();

  /// What a node should do.
  record Answer() implements Reaction {}

  /// Nothing, until [ScriptedExpertNode#answerKept].
  record Keep() implements Reaction {}

  /// A reply without rows that says why.
  record Refuse(Status.Code code, String message) implements Reaction {}

  /// An answer with so many rows more or less than it should have.
  record MiscountBy(int rows) implements Reaction {}

  /// An answer whose rows are one element too short.
  record Narrow() implements Reaction {}

  /// Bytes that are no message at all.
  record Send(byte[] bytes) implements Reaction {}

  /// The end of the stream, in place of an answer.
  record End(Status status) implements Reaction {}

  /// The end of the node.
  record Die() implements Reaction {}
}
