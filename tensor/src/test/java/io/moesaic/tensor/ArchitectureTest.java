package io.moesaic.tensor;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;

import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import org.junit.jupiter.api.Test;

class ArchitectureTest {
  private final JavaClasses tensor =
      new ClassFileImporter()
          .withImportOption(new ImportOption.DoNotIncludeTests())
          .importPackages("io.moesaic.tensor");

  @Test
  void needsTheJdkOnly() {
    classes()
        .should()
        .onlyDependOnClassesThat()
        .resideInAnyPackage(
            "io.moesaic.tensor..", "java..", "jdk.incubator.vector..", "org.jspecify.annotations")
        .check(tensor);
  }

  @Test
  void hasNoCyclesBetweenPackages() {
    slices().matching("io.moesaic.tensor.(*)..").should().beFreeOfCycles().check(tensor);
  }
}
