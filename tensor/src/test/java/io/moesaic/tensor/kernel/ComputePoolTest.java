package io.moesaic.tensor.kernel;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.concurrent.atomic.AtomicIntegerArray;
import org.junit.jupiter.api.Test;

class ComputePoolTest {
  @Test
  void runsEveryTaskOnceInEveryRegion() throws InterruptedException {
    try (var pool = new ComputePool(4, "test")) {
      for (int region = 0; region < 2000; region++) {
        int tasks = region % 37;
        var runs = new AtomicIntegerArray(tasks);
        pool.run(tasks, runs::getAndIncrement);
        for (int task = 0; task < tasks; task++) {
          assertEquals(1, runs.get(task), "region " + region + ", task " + task);
        }
        if (region % 500 == 0) {
          Thread.sleep(2); // long enough for the workers to park
        }
      }
    }
  }

  @Test
  void throwsATasksFailureAndGoesOn() {
    try (var pool = new ComputePool(3, "test")) {
      var failure =
          assertThrows(
              IllegalStateException.class,
              () ->
                  pool.run(
                      10,
                      task -> {
                        if (task == 7) {
                          throw new IllegalStateException("task 7");
                        }
                      }));
      assertEquals("task 7", failure.getMessage());
      var runs = new AtomicIntegerArray(10);
      pool.run(10, runs::getAndIncrement);
      assertEquals(1, runs.get(9));
    }
  }

  @Test
  void refusesNoThreads() {
    var refused = assertThrows(IllegalArgumentException.class, () -> new ComputePool(0, "test"));
    assertEquals("compute threads are 0, must be at least 1", refused.getMessage());
  }
}
