package io.moesaic.router.api;

import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAPackage;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAnyPackage;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideOutsideOfPackages;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;

import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import org.junit.jupiter.api.Test;

class ArchitectureTest {
  private final JavaClasses router =
      new ClassFileImporter()
          .withImportOption(new ImportOption.DoNotIncludeTests())
          .importPackages("io.moesaic.router");

  @Test
  void theApiKnowsTheEngineOnlyByWhatItAsksOfIt() {
    assertKnowsOnly(
        "io.moesaic.router.api",
        "io.moesaic.router.api",
        "io.moesaic.router.capacity",
        "io.moesaic.router.engine",
        "io.moesaic.router.json",
        "io.moesaic.router.sampling",
        "io.moesaic.router.tokenizer");
  }

  @Test
  void theTokenizerKnowsNothingOfOursButTemplates() {
    assertKnowsOnly(
        "io.moesaic.router.tokenizer", "io.moesaic.router.tokenizer", "io.moesaic.router.jinja");
  }

  private void assertKnowsOnly(String subject, String... known) {
    noClasses()
        .that(resideInAPackage(subject))
        .should()
        .dependOnClassesThat(resideInAnyPackage("io.moesaic..").and(resideOutsideOfPackages(known)))
        .check(router);
  }
}
