package io.moesaic.expert.batch;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;

/// Requests that wait to be computed, of all connections, at most `capacity` of them. Offering
/// never blocks, taking does. Safe for concurrent use.
public final class RequestQueue {
  /// What became of an offer.
  public enum Admission {
    ADMITTED,
    FULL,
    CLOSED
  }

  private final int capacity;
  private final Deque<Request> waiting = new ArrayDeque<>();
  private boolean closed;

  public RequestQueue(int capacity) {
    if (capacity < 1) {
      throw new IllegalArgumentException(
          "queue capacity is " + capacity + " requests, must be at least 1");
    }
    this.capacity = capacity;
  }

  public int capacity() {
    return capacity;
  }

  /// Unless it is admitted, the request stays the caller's.
  public synchronized Admission offer(Request request) {
    if (closed) {
      return Admission.CLOSED;
    }
    if (waiting.size() == capacity) {
      return Admission.FULL;
    }
    waiting.add(request);
    notifyAll();
    return Admission.ADMITTED;
  }

  /// Admits nothing any more. What waits can still be taken.
  public synchronized void close() {
    closed = true;
    notifyAll();
  }

  /// Waits for a request, and takes it and all that can be computed together with it, oldest first,
  /// up to the first that would bring more than `maxSlots` slots. The oldest is taken whatever its
  /// size.
  ///
  /// @return nothing when the queue is closed and empty
  synchronized List<Request> take(int maxSlots) throws InterruptedException {
    while (waiting.isEmpty() && !closed) {
      wait();
    }
    List<Request> taken = new ArrayList<>();
    int slots = 0;
    for (var each = waiting.iterator(); each.hasNext(); ) {
      var request = each.next();
      if (taken.isEmpty() || request.groupsWith(taken.getFirst())) {
        slots += request.slots().size();
        if (!taken.isEmpty() && slots > maxSlots) {
          break;
        }
        taken.add(request);
        each.remove();
      }
    }
    return taken;
  }

  /// Takes all that wait, without waiting.
  synchronized List<Request> takeAll() {
    var all = List.copyOf(waiting);
    waiting.clear();
    return all;
  }
}
