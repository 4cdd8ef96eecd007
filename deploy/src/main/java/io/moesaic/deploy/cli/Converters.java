package io.moesaic.deploy.cli;

import io.moesaic.deploy.dev.ExpertHost;
import io.moesaic.deploy.tune.Variant;
import io.moesaic.expert.store.Shard;
import io.moesaic.router.capacity.CapacityPolicy;
import io.moesaic.router.capacity.CapacityPolicy.Per;
import io.moesaic.router.capacity.CapacityPolicy.Renormalize;
import io.moesaic.router.capacity.CapacityPolicy.Scope;
import io.moesaic.router.capacity.CapacityRule.Formula;
import io.moesaic.router.capacity.RequestCapacity;
import io.moesaic.router.gate.RoutingPolicy;
import io.moesaic.wire.NodeAddress;
import io.moesaic.wire.WireType;
import java.time.Duration;
import java.util.Arrays;
import java.util.Locale;
import java.util.function.Function;
import java.util.stream.Collectors;
import picocli.CommandLine;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/// How the values of options are read.
final class Converters {
  private Converters() {}

  static void register(CommandLine commandLine) {
    commandLine.registerConverter(NodeAddress.class, reading(NodeAddress::parse));
    commandLine.registerConverter(Shard.class, reading(Shard::parse));
    commandLine.registerConverter(WireType.class, reading(text -> named(WireType.class, text)));
    commandLine.registerConverter(ExpertHost.class, reading(text -> named(ExpertHost.class, text)));
    commandLine.registerConverter(Formula.class, reading(text -> named(Formula.class, text)));
    commandLine.registerConverter(Scope.class, reading(text -> named(Scope.class, text)));
    commandLine.registerConverter(Per.class, reading(text -> named(Per.class, text)));
    commandLine.registerConverter(
        Renormalize.class, reading(text -> named(Renormalize.class, text)));
    commandLine.registerConverter(Variant.class, reading(Variant::parse));
    commandLine.registerConverter(RoutingPolicy.class, reading(MoeConverters::routing));
    commandLine.registerConverter(CapacityPolicy.class, reading(MoeConverters::capacity));
    commandLine.registerConverter(RequestCapacity.class, reading(MoeConverters::requestCapacity));
    commandLine.registerConverter(Duration.class, reading(Converters::duration));
  }

  /// The message of an illegal argument is what the user is to read.
  private static <T> ITypeConverter<T> reading(Function<String, T> reader) {
    return text -> {
      try {
        return reader.apply(text);
      } catch (IllegalArgumentException e) {
        throw new TypeConversionException(e.getMessage());
      }
    };
  }

  /// The constant of a name such as `in-process`.
  private static <E extends Enum<E>> E named(Class<E> type, String text) {
    var constants = type.getEnumConstants();
    return Arrays.stream(constants)
        .filter(constant -> name(constant).equals(text))
        .findFirst()
        .orElseThrow(
            () ->
                new IllegalArgumentException(
                    "is \"%s\", must be %s"
                        .formatted(
                            text,
                            Arrays.stream(constants)
                                .map(Converters::name)
                                .collect(Collectors.joining(" or ")))));
  }

  private static String name(Enum<?> constant) {
    return constant.name().toLowerCase(Locale.ROOT).replace('_', '-');
  }

  /// A number and its unit: `500ms`, `5s`, `2m`.
  private static Duration duration(String text) {
    if (text.matches("[0-9]{1,9}(ms|s|m)")) {
      long number = Long.parseLong(text.replaceAll("[a-z]", ""));
      if (text.endsWith("ms")) {
        return Duration.ofMillis(number);
      }
      return text.endsWith("s") ? Duration.ofSeconds(number) : Duration.ofMinutes(number);
    }
    throw new IllegalArgumentException(
        "is \"" + text + "\", must be a time with its unit, such as 500ms, 5s or 2m");
  }
}
